"$MODELEXPORT" explode

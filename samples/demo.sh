#!/bin/bash
# Shows what modelexport does, on real models: from PyTorch to ONNX with modules, to GraphML and back with nothing lost.
# usage: samples/demo.sh          On a fresh Debian 12 it installs what is missing and builds first. Writes build/demo/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=build/demo
log=$out/build.log
modelexport=build/modelexport
export MX_CACHE_DIR=${MX_CACHE_DIR:-$PWD/build/cache} CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}
mkdir -p "$out"

say() { printf '%s\n' "$*"; }

build() {
    scripts/setup.sh && cmake -S . -B build && cmake --build build --target modelexport
}

size_of() { # FILE
    local bytes
    bytes=$(stat -c %s "$1")
    say "$(((bytes + 1023) / 1024)) KB"
}

show_hash() { # FILE
    say "     sha256 $(sha256sum "$1" | cut -c 1-64)  $1"
}

round_trip() { # NAME WHAT
    local model=samples/$1.onnx graphml=$out/$1.graphml data=$out/$1.onnxdata back=$out/$1.back.onnx
    printf "\n%s\n" "$2"
    say "  ONNX to GraphML:  modelexport export-graphml $model -o $graphml"
    "$modelexport" export-graphml "$model" -o "$graphml"
    say "     $graphml, $(size_of "$graphml"): the graph"
    say "     $data, $(size_of "$data"): the weights"
    say "  and back:         modelexport import-onnx $graphml $back"
    "$modelexport" import-onnx "$graphml" "$back"
    show_hash "$model"
    show_hash "$back"
    cmp "$model" "$back"
    say "     the same bytes"
    say "  compared:         modelexport compare $model $graphml"
    "$modelexport" compare "$model" "$graphml" | sed 's/^/     /'
}

from_pytorch() { # NAME WHAT
    local program=samples/$1.pt2 model=$out/$1_tagged.onnx page=$out/$1.html
    printf "\n%s\n" "$2"
    say "  PyTorch to ONNX:  modelexport export $program $model --opset-version 18 --with-report"
    "$modelexport" export "$program" "$model" --opset-version 18 --with-report 2>&1 | sed 's/^/     /'
    say "  its modules:      modelexport analyze $model"
    "$modelexport" analyze "$model" | sed -n '2,12p' | sed 's/^/     /'
    say "  one module:       modelexport extract $model --tag BertLayer.0/BertAttention $out/attention.onnx"
    "$modelexport" extract "$model" --tag BertLayer.0/BertAttention "$out/attention.onnx" 2>&1 | sed 's/^/     /'
    say "  a page to look:   modelexport render $model $page"
    "$modelexport" render "$model" "$page"
}

say "Building modelexport (on a fresh machine this installs what is missing and takes a few minutes) ..."
if ! build >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    say "The build failed; all of its output is in $log" >&2
    exit 1
fi
say "  $modelexport"

from_pytorch bert_tiny "A small transformer as PyTorch saved it (BERT, 2 layers); PyTorch itself is not needed"
round_trip bert_tiny "A small transformer (BERT, 2 layers)"
round_trip resnet_thin "A small CNN (ResNet-18 with few channels)"

cat <<END

Now look at it:
  Open $PWD/$out/bert_tiny.html
  in a browser: groups open and close, search, click for details. Open $PWD/$out/bert_tiny.graphml
  in yEd (https://www.yworks.com/products/yed, free). Operators are boxes, edges are tensors.
Then change it: delete an operator and connect its neighbours, or change one of its attributes. Save, and run
  $modelexport import-onnx $out/bert_tiny.graphml $out/edited.onnx --validate
  $modelexport compare samples/bert_tiny.onnx $out/edited.onnx
Your own model: $modelexport export MODEL.pt2 MODEL.onnx, $modelexport export-graphml MODEL.onnx -o MODEL.graphml
END

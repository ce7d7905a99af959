#include "torch_io/lower.h"

const mx_lowering_family mx_family_normalisation = {"normalisation", NULL, 0};

#include "torch_io/lower.h"

const mx_lowering_family mx_family_recurrent = {"recurrent", NULL, 0};

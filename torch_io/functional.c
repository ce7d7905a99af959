#include "torch_io/program.h"
mx_status mx_program_functional(mx_program *p, mx_error *err) { (void)err; p->functional = true; return MX_OK; }

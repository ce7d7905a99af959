/* Which classes are those of torch.nn. */
#ifndef MX_HTP_TORCH_NN_H
#define MX_HTP_TORCH_NN_H

#include "base/text.h"

/* A module of Python: "torch.nn" or "torch.nn.modules.linear". */
bool mx_htp_is_torch_nn(mx_str python_module);
/* A bare class name, for sources that do not say where a class comes from. */
bool mx_htp_is_torch_class(mx_str class_name);

#endif

/* Whole layers that torch runs as one operator. */
#ifndef MX_TORCH_LOWER_TRANSFORMER_H
#define MX_TORCH_LOWER_TRANSFORMER_H

#include "torch_io/lower.h"

void mx_rule_native_attention(const mx_rule *r);
void mx_rule_encoder_layer(const mx_rule *r);

#endif

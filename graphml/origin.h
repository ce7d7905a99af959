/* What a node said when its file was written: a few bits of hash for each thing that people edit. They stand in the
 * file beside the data (key "origin"), so that an import knows what was changed without the source model. */
#ifndef MX_GRAPHML_ORIGIN_H
#define MX_GRAPHML_ORIGIN_H

#include "base/text.h"
#include "graphml/keys.h"

typedef enum mx_origin_field {                     /* in the order in which they are written */
                               MX_ORIGIN_TYPE = 0, /* op_type, domain, overload, class_name */
                               MX_ORIGIN_ATTRIBUTES,
                               MX_ORIGIN_NAME,
                               MX_ORIGIN_LABEL, /* the first label of the node's picture */
                               MX_ORIGIN_DOC,
                               MX_ORIGIN_METADATA,
                               MX_ORIGIN_PARENT,
                               MX_ORIGIN_INPUTS,
                               MX_ORIGIN_OUTPUTS,
                               MX_ORIGIN_TYPES,        /* value_type, value_info */
                               MX_ORIGIN_INITIALIZERS, /* sparse ones too */
                               MX_ORIGIN_MODEL,        /* versions, producer, opset imports */
                               MX_ORIGIN_FOLDED_LABEL, /* of a group, the first of its second picture */
                               MX_ORIGIN_FIELDS,
                               MX_ORIGIN_NONE = MX_ORIGIN_FIELDS
} mx_origin_field;

#define MX_ORIGIN_LABELS (1u << MX_ORIGIN_LABEL | 1u << MX_ORIGIN_FOLDED_LABEL)

typedef struct mx_origin {
    uint32_t at[MX_ORIGIN_FIELDS]; /* 24 bits; 0: nothing was said */
    uint8_t picture;  /* whose labels come: 0 the only one or that of the open group, 1 that of the folded one */
    uint8_t labelled; /* bits of pictures */
} mx_origin;

/* The field that a key's value belongs to. */
mx_origin_field mx_origin_field_of(mx_key key);
/* Add the value of a key, as it stands in the file without whitespace around it. The order of calls does not matter. */
void mx_origin_add(mx_origin *o, mx_key key, mx_str value);
/* Add the values of all keys, as mx_texts has them. */
void mx_origin_add_all(mx_origin *o, const mx_str texts[MX_KEY_COUNT]);
/* What a label says: without whitespace around it, nor the no-break spaces that it may begin with. */
mx_str mx_origin_label(mx_str text);
/* Add a label; all but the first of each picture are left out. */
void mx_origin_add_label(mx_origin *o, mx_str text);
/* Append the text of the key: base64 of three bytes a field, without empty fields at the end. Empty: nothing was said.
 */
void mx_origin_write(mx_buffer *b, const mx_origin *o);
/* What mx_origin_add adds for a text: by it a text is known again of which there is nothing but the origin. */
uint32_t mx_origin_hash(mx_key key, mx_str value);
/* False: no such text. */
bool mx_origin_read(mx_str text, mx_origin *out);
/* The fields that differ, as bits. */
uint32_t mx_origin_differences(const mx_origin *a, const mx_origin *b);

#endif

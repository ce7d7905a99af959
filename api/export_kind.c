/* What kind of model a name stands for. */
#include "api/export.h"

#include <sys/stat.h>

enum { KIND_ONNX = 0, KIND_PROGRAM, KIND_SCRIPT, KIND_PYTHON, KIND_GRAPHML };

static int kind_of(const char *model) {
    static const struct {
        const char *ending;
        int kind;
    } endings[] = {{".onnx", KIND_ONNX},  {".pt2", KIND_PROGRAM}, {".pt", KIND_SCRIPT},
                   {".pth", KIND_SCRIPT},  {".py", KIND_PYTHON},   {".graphml", KIND_GRAPHML}};
    struct stat st;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (mx_path_has_ending(model, endings[i].ending)) return endings[i].kind;
    return stat(model, &st) == 0 && S_ISREG(st.st_mode) ? KIND_ONNX : KIND_PYTHON;
}

mx_status mx_export_kind_of(const char *model, mx_export_kind *out, mx_error *err) {
    static const char *const reasons[] = {
        [KIND_SCRIPT] = "a TorchScript file as input is not supported yet; save the model with torch.export.save (.pt2), or "
                        "export it to ONNX, with torch.onnx.export",
        [KIND_PYTHON] =
            "is not an ONNX file; Python files, folders and Hugging Face names are read by 'python3 -m modelexport "
            "export' (pip install torch transformers ./python)",
        [KIND_GRAPHML] = "is a GraphML file; make an ONNX file of it first, with import-onnx",
    };
    int kind = kind_of(model);
    *out = kind == KIND_PROGRAM ? MX_EXPORT_PT2 : MX_EXPORT_ONNX;
    if (kind == KIND_ONNX || kind == KIND_PROGRAM) return MX_OK;
    return mx_at_file(err, mx_fail(err, MX_ERR_UNSUPPORTED, "%s", reasons[kind]), model);
}

bool mx_export_needs_python(const char *model) {
    return kind_of(model) == KIND_PYTHON;
}

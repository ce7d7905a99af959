/* What kind of model a name stands for. */
#include "api/export.h"

#include <sys/stat.h>

enum { KIND_ONNX = 0, KIND_PROGRAM, KIND_PYTHON, KIND_GRAPHML };

static int kind_of(const char *model) {
    static const struct {
        const char *ending;
        int kind;
    } endings[] = {{".onnx", KIND_ONNX},   {".pt2", KIND_PROGRAM}, {".pt", KIND_PROGRAM},
                   {".pth", KIND_PROGRAM}, {".py", KIND_PYTHON},   {".graphml", KIND_GRAPHML}};
    struct stat st;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (mx_path_has_ending(model, endings[i].ending)) return endings[i].kind;
    return stat(model, &st) == 0 && S_ISREG(st.st_mode) ? KIND_ONNX : KIND_PYTHON;
}

mx_status mx_export_check_kind(const char *model, mx_error *err) {
    static const char *const reasons[] = {
        [KIND_PROGRAM] =
            "a PyTorch program as input is not supported yet; export it to ONNX first, with torch.onnx.export",
        [KIND_PYTHON] =
            "is not an ONNX file; Python files, folders and Hugging Face names are read by 'python3 -m modelexport "
            "export' (pip install torch transformers ./python)",
        [KIND_GRAPHML] = "is a GraphML file; make an ONNX file of it first, with import-onnx",
    };
    int kind = kind_of(model);
    if (kind == KIND_ONNX) return MX_OK;
    return mx_at_file(err, mx_fail(err, MX_ERR_UNSUPPORTED, "%s", reasons[kind]), model);
}

bool mx_export_needs_python(const char *model) {
    return kind_of(model) == KIND_PYTHON;
}

/* modelexport: the command line. One table of commands; each stands in a file of its own. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const mx_command commands[] = {
    {"export", "MODEL OUTPUT.onnx | MODEL... --output-dir DIR",
     "Write a model with its module hierarchy: every operator gets the tag of its module.",
     "MODEL is an ONNX file. Beside the output stand X_htp_metadata.json (modules, tags, figures) and\n"
     "X_hierarchy.json (tags only), X being OUTPUT without '.onnx'.\n"
     "A .py file (with 'model' or get_model(), and 'example_inputs' or get_inputs()), a folder or a Hugging Face\n"
     "name is handed to '$MODELEXPORT_PYTHON -m modelexport' (default python3). A .py file is code that runs.\n",
     mx_cmd_export},
    {"export-graphml", "MODEL.onnx [METADATA.json] -o OUT.graphml", "Write an ONNX model as GraphML for yEd and networkx.",
     "The weights go to OUT.onnxdata beside it (sidecar), into the XML (embedded), or stay in the model's\n"
     "file and are pointed at (reference).\n",
     mx_cmd_export_graphml},
    {"import-onnx", "IN.graphml OUT.onnx", "Write a GraphML file, with the edits it holds, as an ONNX model.",
     "What was not edited is written byte for byte as it stood in the source model.\n", mx_cmd_import_onnx},
    {"analyze", "MODEL", "Say what a model (.onnx or .graphml) consists of: modules, tags, operators.",
     "TEXT is a tag or a dotted module name; else whole steps of one (BertLayer/BertAttention); else any part of\n"
     "one. 'auxiliary' selects the auxiliary operators. Figures then are those of what TEXT selects.\n",
     mx_cmd_analyze},
    {"validate", "MODEL", "Check a model (.onnx or .graphml): its structure and its tags.",
     "Exit code 0: valid, 1: there are problems. What stands beside X.onnx is found by itself:\n"
     "X_htp_metadata.json, X_hierarchical_graph.graphml or X.graphml.\n",
     mx_cmd_validate},
    {"compare", "A B", "Say what differs between two models (.onnx or .graphml).",
     "Exit code 0: no difference, 1: there are some (0 with --exit-zero).\n", mx_cmd_compare},
    {"extract", "MODEL --tag TEXT OUT.onnx", "Write a module of a model as a model of its own.",
     "TEXT is a module's tag or dotted name, or whole steps of one (BertLayer/BertAttention).\n", mx_cmd_extract},
    {"replace", "MODEL --tag TEXT PART.onnx OUT.onnx", "Put a model in the place of a module of another model.",
     "PART.onnx is what 'extract' wrote, perhaps edited: its inputs and outputs must have the same names.\n",
     mx_cmd_replace},
    {"render", "MODEL OUT.svg|OUT.html", "Draw a model (.onnx or .graphml): a picture, or a page to look around in.",
     "OUT.html is one file that needs nothing else: groups fold and unfold, names can be searched, a click tells\n"
     "what there is to know of an operator.\n",
     mx_cmd_render},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static int print_overview(FILE *to) {
    fputs("usage: modelexport COMMAND [OPTIONS]\n\n", to);
    for (int i = 0; i < N_COMMANDS; i++) fprintf(to, "  %-16s %s\n", commands[i].name, commands[i].summary);
    fputs("\n'modelexport COMMAND --help' tells more; 'modelexport --version' the version.\n", to);
    return to == stdout ? mx_cli_finish(EXIT_DONE) : EXIT_USAGE;
}

/* A bound on private memory; beyond it allocations fail and the command ends with the out-of-memory error. */
static void limit_memory(void) {
    const char *text = getenv("MODELEXPORT_MEMORY_LIMIT_MB");
    char *end;
    unsigned long long mb = text ? strtoull(text, &end, 10) : 0;
    if (!text || !*text || *end || mb == 0 || mb > (1ull << 40)) return;
    struct rlimit limit = {(rlim_t)mb << 20, (rlim_t)mb << 20};
    setrlimit(RLIMIT_DATA, &limit);
}

/* A model can have thousands of external data files, and each stays open while it is used. */
static void allow_many_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv) {
    limit_memory();
    allow_many_files();
    if (argc < 2) return print_overview(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return print_overview(stdout);
    if (strcmp(argv[1], "--version") == 0) {
        printf("modelexport %s\n", mx_version());
        return mx_cli_finish(EXIT_DONE);
    }
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(&commands[i], argc - 2, argv + 2);
    fprintf(stderr, "modelexport: unknown command '%s': see 'modelexport --help'\n", argv[1]);
    return EXIT_USAGE;
}

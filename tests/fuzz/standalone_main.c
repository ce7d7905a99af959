/* Runs a fuzz target without libFuzzer: once for each file given, and for each file in the folders given, at any depth.
 * usage: fuzz_NAME_corpus FILE|FOLDER...      Ends with "N inputs". A target reports a fault by ending the process. */
#include <fts.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A buffer of exactly the file's size, so that valgrind and ASan see a read beyond it. */
static uint8_t *read_file(const char *path, size_t size) {
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size ? size : 1);
    if (!file || !data || fread(data, 1, size, file) != size) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return data;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE|FOLDER...\n", argv[0]);
        return 2;
    }
    FTS *walk = fts_open(argv + 1, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    if (!walk) {
        perror(argv[0]);
        return 2;
    }
    unsigned long inputs = 0;
    const char *verbose = getenv("FUZZ_VERBOSE");
    for (FTSENT *entry; (entry = fts_read(walk)) != NULL;) {
        if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR) {
            fprintf(stderr, "%s: cannot be read\n", entry->fts_path);
            return 2;
        }
        if (entry->fts_info != FTS_F) {
            continue;
        }
        if (verbose) {
            fprintf(stderr, "%s\n", entry->fts_path);
        }
        size_t size = (size_t)entry->fts_statp->st_size;
        uint8_t *data = read_file(entry->fts_path, size);
        LLVMFuzzerTestOneInput(data, size);
        free(data);
        inputs++;
    }
    fts_close(walk);
    printf("%lu inputs\n", inputs);
    return 0;
}

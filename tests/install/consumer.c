/* A program of somebody else, built against the installed library. */
#include <modelexport.h>
#include <stdio.h>

int main(void) {
    printf("%s\n", mx_version());
    return 0;
}

/* What any program costs that prints a token from a file, whose JSON it does not check. */

#include <stdio.h>
#include <string.h>

int main(int count, char **arguments) {
    static char text[65536];
    FILE *file = count == 2 ? fopen(arguments[1], "r") : NULL;
    if (!file) {
        fputs("usage: read FILE\n", stderr);
        return 2;
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    char *token = strstr(text, "\"access_token\"");
    token = token ? strchr(token + strlen("\"access_token\""), '"') : NULL;
    char *end = token ? strchr(token + 1, '"') : NULL;
    if (!end) {
        return 1;
    }
    *end = '\0';
    return puts(token + 1) < 0;
}

/* A run-time compiler of CUDA for tests: its images are texts that name what they are made of.
 *
 * FAKE_NVRTC_VERSION  its version (13.0)
 * FAKE_NVRTC_ERROR    what it prints in place of compiling
 * FAKE_NVRTC_LOG      a file that gets a line for each text it is given to compile
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMPILATION = 6 };

static const int architectures[] = {75, 80, 86, 89, 90, 100, 103, 120};

/* One program is alive at a time. */
static struct {
    char name[100];
    char image[2000];
} program;

static const char *text(const char *name, const char *usual)
{
    const char *value = getenv(name);
    return value ? value : usual;
}

int nvrtcVersion(int *major, int *minor)
{
    sscanf(text("FAKE_NVRTC_VERSION", "13.0"), "%d.%d", major, minor);
    return 0;
}

int nvrtcGetNumSupportedArchs(int *count)
{
    *count = sizeof architectures / sizeof *architectures;
    return 0;
}

int nvrtcGetSupportedArchs(int *out)
{
    memcpy(out, architectures, sizeof architectures);
    return 0;
}

int nvrtcCreateProgram(void **out, const char *source, const char *name, int headers,
                       const char *const *texts, const char *const *names)
{
    (void)source, (void)headers, (void)texts, (void)names;
    snprintf(program.name, sizeof program.name, "%s", name);
    *out = &program;
    return 0;
}

int nvrtcCompileProgram(void *compiled, int count, const char *const *options)
{
    const char *log = getenv("FAKE_NVRTC_LOG");
    FILE *file = log ? fopen(log, "a") : NULL;
    (void)compiled;
    if (file) {
        fprintf(file, "%s\n", program.name);
        fclose(file);
    }
    snprintf(program.image, sizeof program.image, "%s of %s for %s", program.name,
             text("FAKE_NVRTC_VERSION", "13.0"), count > 0 ? options[0] : "anything");
    return getenv("FAKE_NVRTC_ERROR") ? COMPILATION : 0;
}

int nvrtcDestroyProgram(void **old)
{
    *old = NULL;
    return 0;
}

int nvrtcGetCUBINSize(void *of, size_t *bytes)
{
    (void)of;
    *bytes = strlen(program.image) + 1;
    return 0;
}

int nvrtcGetCUBIN(void *of, char *out)
{
    (void)of;
    strcpy(out, program.image);
    return 0;
}

int nvrtcGetPTXSize(void *of, size_t *bytes)
{
    return nvrtcGetCUBINSize(of, bytes);
}

int nvrtcGetPTX(void *of, char *out)
{
    return nvrtcGetCUBIN(of, out);
}

int nvrtcGetProgramLogSize(void *of, size_t *bytes)
{
    (void)of;
    *bytes = strlen(text("FAKE_NVRTC_ERROR", "")) + 1;
    return 0;
}

int nvrtcGetProgramLog(void *of, char *out)
{
    (void)of;
    strcpy(out, text("FAKE_NVRTC_ERROR", ""));
    return 0;
}

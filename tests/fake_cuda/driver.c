/* A driver of CUDA for tests, without a GPU: memory is the host's, copies are copies, kernels do
 * nothing. It has the calls that src/engine/cuda makes, and no other.
 *
 * FAKE_CUDA_COUNT      GPUs (1)
 * FAKE_CUDA_NAME       their name (Fake GPU)
 * FAKE_CUDA_CAPABILITY compute capability (9.0)
 * FAKE_CUDA_PROCESSORS multiprocessors (132)
 * FAKE_CUDA_VERSION    CUDA version of the driver (13000)
 * FAKE_CUDA_FREE       bytes of memory (8 GiB); asking for more is answered with 2
 * FAKE_CUDA_FAIL       CALL:N:CODE: from its Nth time on, the call answers CODE. A CODE other than
 *                      2 (out of memory) is a GPU that is lost: every later call answers it too
 * FAKE_CUDA_LOG        a file that gets a line for each call
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_OF_MEMORY = 2, NO_DEVICE = 100, INVALID_DEVICE = 101 };

struct error {
    int code;
    const char *name, *words;
};

static const struct error errors[] = {
    {1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {34, "CUDA_ERROR_STUB_LIBRARY", "CUDA driver is a stub library"},
    {NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {209, "CUDA_ERROR_NO_BINARY_FOR_GPU",
     "no kernel image is available for execution on the device"},
    {500, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {719, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {801, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {999, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

static const char *text(const char *name, const char *usual)
{
    const char *value = getenv(name);
    return value ? value : usual;
}

static long long number(const char *name, long long usual)
{
    const char *value = getenv(name);
    return value ? atoll(value) : usual;
}

/* Every call begins here: it is noted, counted, and may be told to fail. */
static int called(const char *call)
{
    static int lost, count;
    const char *log = getenv("FAKE_CUDA_LOG"), *fail = getenv("FAKE_CUDA_FAIL");
    FILE *file = log ? fopen(log, "a") : NULL;
    char name[100];
    int first, code;

    if (file) {
        fprintf(file, "%s\n", call);
        fclose(file);
    }
    if (lost)
        return lost;
    if (!fail || sscanf(fail, "%99[^:]:%d:%d", name, &first, &code) != 3)
        return 0;
    if (strcmp(name, call) != 0 || ++count < first)
        return 0;
    if (code != OUT_OF_MEMORY)
        lost = code;
    return code;
}

#define CALLED(call)                                                                               \
    do {                                                                                           \
        int answer = called(call);                                                                 \
        if (answer)                                                                                \
            return answer;                                                                         \
    } while (0)

/* Handles are never looked into; each kind gets an address of its own. */
static char context, stream, graph, executable, event, module, function;

static const struct error *error_of(int code)
{
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].code == code)
            return &errors[i];
    return NULL;
}

int cuGetErrorName(int code, const char **out)
{
    const struct error *error = error_of(code);
    *out = error ? error->name : NULL;
    return error ? 0 : 1;
}

int cuGetErrorString(int code, const char **out)
{
    const struct error *error = error_of(code);
    *out = error ? error->words : NULL;
    return error ? 0 : 1;
}

int cuDriverGetVersion(int *version)
{
    CALLED("cuDriverGetVersion");
    *version = (int)number("FAKE_CUDA_VERSION", 13000);
    return 0;
}

int cuInit(unsigned flags)
{
    (void)flags;
    CALLED("cuInit");
    return number("FAKE_CUDA_COUNT", 1) ? 0 : NO_DEVICE;
}

int cuDeviceGetCount(int *count)
{
    CALLED("cuDeviceGetCount");
    *count = (int)number("FAKE_CUDA_COUNT", 1);
    return 0;
}

int cuDeviceGet(int *device, int ordinal)
{
    CALLED("cuDeviceGet");
    *device = ordinal;
    return ordinal < number("FAKE_CUDA_COUNT", 1) ? 0 : INVALID_DEVICE;
}

int cuDeviceGetName(char *name, int bytes, int device)
{
    (void)device;
    CALLED("cuDeviceGetName");
    snprintf(name, (size_t)bytes, "%s", text("FAKE_CUDA_NAME", "Fake GPU"));
    return 0;
}

int cuDeviceGetAttribute(int *value, int which, int device)
{
    int major = 0, minor = 0;
    (void)device;
    CALLED("cuDeviceGetAttribute");
    sscanf(text("FAKE_CUDA_CAPABILITY", "9.0"), "%d.%d", &major, &minor);
    switch (which) {
    case 16:
        *value = (int)number("FAKE_CUDA_PROCESSORS", 132);
        return 0;
    case 75:
        *value = major;
        return 0;
    case 76:
        *value = minor;
        return 0;
    default:
        return 1;
    }
}

int cuDevicePrimaryCtxRetain(void **out, int device)
{
    (void)device;
    CALLED("cuDevicePrimaryCtxRetain");
    *out = &context;
    return 0;
}

int cuDevicePrimaryCtxRelease_v2(int device)
{
    (void)device;
    return called("cuDevicePrimaryCtxRelease_v2");
}

int cuCtxSetCurrent(void *current)
{
    (void)current;
    return called("cuCtxSetCurrent");
}

int cuMemGetInfo_v2(size_t *free_bytes, size_t *total_bytes)
{
    CALLED("cuMemGetInfo_v2");
    *free_bytes = (size_t)number("FAKE_CUDA_FREE", 8LL << 30);
    *total_bytes = (size_t)8 << 30;
    return 0;
}

int cuMemAlloc_v2(uint64_t *address, size_t bytes)
{
    CALLED("cuMemAlloc_v2");
    if (bytes > (size_t)number("FAKE_CUDA_FREE", 8LL << 30))
        return OUT_OF_MEMORY;
    *address = (uint64_t)(uintptr_t)malloc(bytes);
    return *address ? 0 : OUT_OF_MEMORY;
}

int cuMemFree_v2(uint64_t address)
{
    CALLED("cuMemFree_v2");
    free((void *)(uintptr_t)address);
    return 0;
}

int cuMemHostAlloc(void **out, size_t bytes, unsigned flags)
{
    (void)flags;
    CALLED("cuMemHostAlloc");
    *out = malloc(bytes);
    return *out ? 0 : OUT_OF_MEMORY;
}

int cuMemFreeHost(void *start)
{
    CALLED("cuMemFreeHost");
    free(start);
    return 0;
}

int cuMemsetD8Async(uint64_t address, unsigned char value, size_t bytes, void *queue)
{
    (void)queue;
    CALLED("cuMemsetD8Async");
    memset((void *)(uintptr_t)address, value, bytes);
    return 0;
}

int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *queue)
{
    (void)queue;
    CALLED("cuMemcpyHtoDAsync_v2");
    memcpy((void *)(uintptr_t)to, from, bytes);
    return 0;
}

int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *queue)
{
    (void)queue;
    CALLED("cuMemcpyDtoHAsync_v2");
    memcpy(to, (const void *)(uintptr_t)from, bytes);
    return 0;
}

int cuStreamCreate(void **out, unsigned flags)
{
    (void)flags;
    CALLED("cuStreamCreate");
    *out = &stream;
    return 0;
}

int cuStreamSynchronize(void *queue)
{
    (void)queue;
    return called("cuStreamSynchronize");
}

int cuStreamDestroy_v2(void *queue)
{
    (void)queue;
    return called("cuStreamDestroy_v2");
}

int cuStreamBeginCapture_v2(void *queue, int mode)
{
    (void)queue, (void)mode;
    return called("cuStreamBeginCapture_v2");
}

int cuStreamEndCapture(void *queue, void **out)
{
    (void)queue;
    CALLED("cuStreamEndCapture");
    *out = &graph;
    return 0;
}

int cuGraphInstantiateWithFlags(void **out, void *from, unsigned long long flags)
{
    (void)from, (void)flags;
    CALLED("cuGraphInstantiateWithFlags");
    *out = &executable;
    return 0;
}

int cuGraphDestroy(void *old)
{
    (void)old;
    return called("cuGraphDestroy");
}

int cuGraphExecDestroy(void *old)
{
    (void)old;
    return called("cuGraphExecDestroy");
}

int cuGraphLaunch(void *launched, void *queue)
{
    (void)launched, (void)queue;
    return called("cuGraphLaunch");
}

int cuLaunchKernel(void *kernel, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                   unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                   void *queue, void **parameters, void **extra)
{
    (void)kernel, (void)grid_x, (void)grid_y, (void)grid_z, (void)block_x, (void)block_y;
    (void)block_z, (void)shared_bytes, (void)queue, (void)parameters, (void)extra;
    return called("cuLaunchKernel");
}

int cuModuleLoadData(void **out, const void *image)
{
    (void)image;
    CALLED("cuModuleLoadData");
    *out = &module;
    return 0;
}

int cuModuleGetFunction(void **out, void *in, const char *name)
{
    (void)in, (void)name;
    CALLED("cuModuleGetFunction");
    *out = &function;
    return 0;
}

int cuModuleUnload(void *old)
{
    (void)old;
    return called("cuModuleUnload");
}

int cuEventCreate(void **out, unsigned flags)
{
    (void)flags;
    CALLED("cuEventCreate");
    *out = &event;
    return 0;
}

int cuEventRecord(void *at, void *queue)
{
    (void)at, (void)queue;
    return called("cuEventRecord");
}

int cuEventElapsedTime_v2(float *ms, void *before, void *after)
{
    (void)before, (void)after;
    CALLED("cuEventElapsedTime_v2");
    *ms = 0.5f;
    return 0;
}

int cuEventDestroy_v2(void *old)
{
    (void)old;
    return called("cuEventDestroy_v2");
}

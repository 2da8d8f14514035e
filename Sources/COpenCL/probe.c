#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "include/copencl.h"

// A driver can end or hang the process that loads it. So a child process loads all drivers and lists
// their devices first. The child is this same program: a constructor below runs before `main` and sees
// from the environment that it is in the child. So any program that contains this code can probe, and
// nothing has to be installed beside it. A fork without exec would be no good, because the parent may have
// several threads.

extern char **environ;

static const char variable[] = "GLINT_PROBES_OPENCL";

// The child.

/// Where the child reports to.
enum { report_descriptor = 3 };

/// Reports a line: a step, and what it is done with. The last line that arrives says what failed.
static void report(const char *step, const char *library, const char *source) {
  char line[GLINT_PROBE_LINE];
  const int length = snprintf(line, sizeof line, "%s\t%s\t%s\n", step, library, source);
  if (length <= 0 || length >= (int)sizeof line) return;
  if (write(report_descriptor, line, (size_t)length) != length) _exit(0);
}

/// Asks for platforms and devices in the way that `OpenCLPlatform` does.
static void list(const glint_opencl *cl) {
  cl_platform_id platforms[64];
  cl_uint count = 0;
  if (cl->GetPlatformIDs(0, 0, &count) || !count) return;
  if (count > 64) count = 64;
  if (cl->GetPlatformIDs(count, platforms, 0)) return;
  for (cl_uint p = 0; p < count; p++) {
    cl_device_id devices[64];
    cl_uint found = 0;
    if (cl->GetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, 0, 0, &found) || !found) continue;
    if (found > 64) found = 64;
    if (cl->GetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, found, devices, 0)) continue;
    const cl_device_info texts[] = {CL_DEVICE_NAME, CL_DEVICE_VERSION, CL_DRIVER_VERSION};
    for (cl_uint d = 0; d < found; d++) {
      for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        char text[1024];
        cl->GetDeviceInfo(devices[d], texts[t], sizeof text, text, 0);
      }
      cl_ulong memory;
      cl->GetDeviceInfo(devices[d], CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory, 0);
    }
  }
}

/// Loads a driver and asks for its platforms, as the ICD loader does.
static void try_driver(const char *library, const char *source) {
  report("load", library, source);
  void *driver = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
  if (!driver) return;
  report("list", library, source);
  void *(*address)(const char *) = 0;
  *(void **)&address = dlsym(driver, "clGetExtensionFunctionAddress");
  cl_int (*platforms)(cl_uint, cl_platform_id *, cl_uint *) = 0;
  if (address) *(void **)&platforms = address("clIcdGetPlatformIDsKHR");
  cl_uint count = 0;
  if (platforms) platforms(0, 0, &count);
}

static int ends(const char *text, const char *ending) {
  const size_t length = strlen(text), tail = strlen(ending);
  return length >= tail && !strcmp(text + length - tail, ending);
}

/// Tries the driver that a file of the folder of drivers names in its first line.
static void try_file(const char *path) {
  char library[1024];
  FILE *file = fopen(path, "re");
  if (!file) return;
  if (fgets(library, sizeof library, file)) {
    library[strcspn(library, "\r\n")] = 0;
    if (*library) try_driver(library, path);
  }
  fclose(file);
}

/// Tries the drivers one by one, so that the report names the one that fails.
static void try_drivers(void) {
  const char *place = getenv("OCL_ICD_VENDORS");
  if (!place) place = getenv("OPENCL_VENDOR_PATH");
  if (!place) place = "/etc/OpenCL/vendors";
  DIR *folder = opendir(place);
  if (!folder) {
    if (ends(place, ".icd")) {
      try_file(place);
    } else {
      try_driver(place, "");
    }
    return;
  }
  for (struct dirent *entry; (entry = readdir(folder));) {
    char path[1024];
    if (!ends(entry->d_name, ".icd")) continue;
    if (snprintf(path, sizeof path, "%s/%s", place, entry->d_name) < (int)sizeof path) try_file(path);
  }
  closedir(folder);
}

static void serve(const char *loader) {
  report("load", loader, "");
  void *library = dlopen(loader, RTLD_NOW | RTLD_LOCAL);
  if (library) {
    try_drivers();
    report("list", loader, "");
    glint_opencl calls;
    if (!glint_opencl_load(loader, &calls)) list(&calls);
  }
  report("done", loader, "");
}

__attribute__((constructor)) static void serve_if_child(void) {
  const char *loader = getenv(variable);
  if (!loader) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Only the report is open, and programs that a driver starts do not get it.
  syscall(SYS_close_range, report_descriptor + 1, ~0u, 0);
  fcntl(report_descriptor, F_SETFD, FD_CLOEXEC);
  // A crash is expected here, so it leaves neither a core file nor a report of the Swift runtime.
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  const int signals[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP, SIGPIPE};
  for (size_t s = 0; s < sizeof signals / sizeof *signals; s++) signal(signals[s], SIG_DFL);
  char path[1024];
  snprintf(path, sizeof path, "%s", loader);
  unsetenv(variable);
  serve(path);
  _exit(0);
}

// The parent.

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/// The environment with the variable; freed by the caller.
static char **with_variable(char *setting) {
  size_t count = 0;
  while (environ[count]) count++;
  char **result = malloc((count + 2) * sizeof *result);
  if (!result) return 0;
  memcpy(result, environ, count * sizeof *result);
  result[count] = setting;
  result[count + 1] = 0;
  return result;
}

/// Starts the child; returns 0 if that is not possible.
static pid_t start(const char *loader, int report) {
  char setting[1200];
  if (snprintf(setting, sizeof setting, "%s=%s", variable, loader) >= (int)sizeof setting) return 0;
  char **environment = with_variable(setting);
  if (!environment) return 0;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  // First, because a file opened below may get the number of the report.
  posix_spawn_file_actions_adddup2(&files, report, report_descriptor);
  for (int stream = 0; stream < 3; stream++)
    posix_spawn_file_actions_addopen(&files, stream, "/dev/null", O_RDWR, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // Ctrl-C is for the parent; the child ends with it.
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  char *arguments[] = {program_invocation_name, 0};
  if (posix_spawn(&child, "/proc/self/exe", &files, &attributes, arguments, environment)) child = 0;
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  free(environment);
  return child;
}

/// Reads lines until the child is done, ends or is out of time, and keeps the last one.
static void listen_to(int report, double end, glint_probe *probe) {
  char text[2 * GLINT_PROBE_LINE];
  size_t held = 0;
  for (;;) {
    const double left = end - now();
    struct pollfd wait = {report, POLLIN, 0};
    const int ready = left > 0 ? poll(&wait, 1, (int)(1000 * left) + 1) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      probe->outcome = glint_probe_hung;
      return;
    }
    const ssize_t count = read(report, text + held, sizeof text - held);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    held += (size_t)count;
    for (char *line; (line = memchr(text, '\n', held));) {
      const size_t length = (size_t)(line - text);
      if (length < sizeof probe->last) {
        memcpy(probe->last, text, length);
        probe->last[length] = 0;
      }
      held -= length + 1;
      memmove(text, line + 1, held);
      if (!strncmp(probe->last, "done\t", 5)) {
        probe->outcome = glint_probe_done;
        return;
      }
    }
    if (held == sizeof text) held = 0;
  }
}

glint_probe glint_opencl_probe(const char *loader, double seconds) {
  glint_probe probe = {glint_probe_unable, 0, ""};
  if (dlsym(RTLD_DEFAULT, "clGetPlatformIDs")) return probe;
  int pipe[2];
  if (pipe2(pipe, O_CLOEXEC)) return probe;
  const double end = now() + seconds;
  const pid_t child = start(loader, pipe[1]);
  close(pipe[1]);
  if (child) {
    probe.outcome = glint_probe_ended;
    listen_to(pipe[0], end, &probe);
    // A child that closed its report may still run.
    int status = 0;
    pid_t ended = 0;
    while (probe.outcome == glint_probe_ended && !(ended = waitpid(child, &status, WNOHANG))) {
      if (now() > end) probe.outcome = glint_probe_hung;
      usleep(1000);
    }
    if (probe.outcome == glint_probe_ended) {
      if (ended == child && WIFSIGNALED(status)) probe.outcome = glint_probe_killed;
      probe.code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    } else {
      // With what it started, which is in its group.
      kill(-child, SIGKILL);
      while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
      }
    }
    // A program without the constructor, such as an interpreter: it knows nothing of the question.
    if (!*probe.last) probe.outcome = glint_probe_unable;
  }
  close(pipe[0]);
  return probe;
}

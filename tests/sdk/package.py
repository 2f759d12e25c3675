#!/usr/bin/env python3
"""The instrumentation library as its users get it: installed, found by CMake and by pkg-config, static and shared, and
as a subdirectory. Each time a small program is built, linked and run; the headers' compile time is measured.

    package.py SOURCE_DIR [--build BUILD_DIR]    BUILD_DIR: a build that has the static libraries already
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

PROGRAM = """
#include <trilobite/log.h>
#include <trilobite/log_setup.h>
#include <trilobite/recorder.h>
#include <trilobite/trace.h>
constexpr trilobite::log::Target kLog{"consumer"};
constexpr trilobite::trace::SpanType kWork{"consumer", "work"};
int main() {
  trilobite::log::Config config;
  config.outputs.front().format = trilobite::log::LineFormat::kJsonl;
  trilobite::log::init(config);
  const auto span = kWork.start(trilobite::log::kv("order", 7));
  kLog.info("hello {}", 42, trilobite::log::kv("answer", true));
}
"""
LISTS = """
cmake_minimum_required(VERSION 3.18)
project(consumer CXX)
{find}
add_executable(consumer main.cc)
target_link_libraries(consumer PRIVATE trilobite::sdk)
"""


C_PROGRAM = """
#include <stdio.h>
#include <string.h>
#include <trilobite.h>
static tri_text text(const char* s) { tri_text t = {s, strlen(s)}; return t; }
static int engine(void* user, tri_output* output) {
  tri_output_append(output, text("noise 1\\nengine_running 3\\n"));
  return user == 0 ? 0 : 1;
}
int main(void) {
  char error[200];
  if (tri_init(0, error, sizeof error) != 0) return 1;
  tri_registry* registry = tri_registry_new();
  tri_metric* metric = tri_metric_new(registry, TRI_COUNTER, text("jobs_total"), text("Jobs"), 0, 0, 0, 0, error,
                                      sizeof error);
  tri_series* series = tri_metric_with(metric, 0, 0);
  tri_series_add(series, 2);
  tri_text wanted = text("engine_");
  tri_engine options = {0};
  options.model = text("llama");
  options.include = &wanted;
  options.include_count = 1;
  if (tri_registry_text(registry, engine, 0, &options, error, sizeof error) != 0) return 2;
  size_t size = 0;
  char* page = tri_expose(registry, TRI_TEXT, &size, error, sizeof error);
  fputs(page, stderr);
  tri_free(page);
  tri_log(text("consumer"), TRI_INFO, text("hello 42"), 0, 0, 0);
  tri_shutdown(1000);
  tri_series_free(series);
  tri_metric_free(metric);
  tri_registry_free(registry);
  return 0;
}
"""
C_LISTS = """
cmake_minimum_required(VERSION 3.18)
project(consumer C)
find_package(trilobite 0.1 REQUIRED COMPONENTS c)
add_executable(consumer main.c)
target_link_libraries(consumer PRIVATE trilobite::c)
"""


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done


def check_output(program, environment=None):
    text = run(program, env=environment).stderr
    for part in ('"target":"consumer"', '"message":"hello 42"', '"answer":true', '"span_name":"work"'):
        assert part in text, f"{program} wrote {text!r}, without {part}"


def write_consumer(folder, find):
    folder.mkdir()
    (folder / "main.cc").write_text(PROGRAM)
    (folder / "CMakeLists.txt").write_text(LISTS.format(find=find))


def with_cmake(folder, find, *options):
    write_consumer(folder, find)
    run("cmake", "-S", folder, "-B", folder / "build", "-DCMAKE_BUILD_TYPE=Release", *options)
    run("cmake", "--build", folder / "build")
    check_output(folder / "build" / "consumer")


def with_pkg_config(folder, prefix, libdir, static):
    folder.mkdir()
    (folder / "main.cc").write_text(PROGRAM)
    environment = dict(os.environ, PKG_CONFIG_PATH=str(libdir / "pkgconfig"), LD_LIBRARY_PATH=str(libdir))
    flags = run("pkg-config", "--cflags", "--libs", *(["--static"] if static else []), "trilobite-sdk",
                env=environment).stdout.split()
    run("c++", "-std=c++20", "-o", folder / "consumer", folder / "main.cc", *flags)
    check_output(folder / "consumer", environment)


def check_c_output(program, environment):
    text = run(program, env=dict(environment, DYN_SDK_DISABLE_ANSI_LOGGING="1")).stderr
    page = ('# HELP jobs_total Jobs\n# TYPE jobs_total counter\njobs_total 2\n'
            'engine_running{dynamo_endpoint="generate",model="llama",model_name="llama"} 3\n')
    assert text.startswith(page) and "consumer: hello 42" in text, f"{program} wrote {text!r}"


def in_c(folder, prefix, libdir):
    folder.mkdir()
    (folder / "main.c").write_text(C_PROGRAM)
    (folder / "CMakeLists.txt").write_text(C_LISTS)
    run("cmake", "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", folder / "build")
    check_c_output(folder / "build" / "consumer", dict(os.environ, LD_LIBRARY_PATH=str(libdir)))
    environment = dict(os.environ, PKG_CONFIG_PATH=str(libdir / "pkgconfig"), LD_LIBRARY_PATH=str(libdir))
    flags = run("pkg-config", "--cflags", "--libs", "trilobite-c", env=environment).stdout.split()
    run("cc", "-std=c99", "-Wall", "-Werror", "-o", folder / "consumer", folder / "main.c", *flags)
    check_c_output(folder / "consumer", environment)


def compile_seconds(prefix, header, folder):
    source = folder / "one_include.cc"
    source.write_text(f"#include <trilobite/{header}>\n")
    best = 1e9
    for _ in range(5):
        start = os.times()
        run("c++", "-std=c++20", "-O2", "-c", "-o", folder / "one_include.o", source, f"-I{prefix}/include")
        end = os.times()
        best = min(best, end.children_user + end.children_system - start.children_user - start.children_system)
    return best


def installed(prefix):
    return next(path.parent.parent.parent for path in prefix.rglob("trilobiteConfig.cmake"))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("source", type=pathlib.Path)
    options.add_argument("--build", type=pathlib.Path)
    chosen = options.parse_args()
    launcher = [f"-DCMAKE_CXX_COMPILER_LAUNCHER={tool}" for tool in ("ccache",)
                if subprocess.run(["which", tool], capture_output=True).returncode == 0]
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        for kind in ("static", "shared"):
            prefix = scratch / kind
            build = chosen.build if kind == "static" and chosen.build else scratch / f"build-{kind}"
            if build != chosen.build:
                run("cmake", "-S", chosen.source / "sdk", "-B", build, "-DCMAKE_BUILD_TYPE=Release", *launcher,
                    f"-DTRILOBITE_SDK_SHARED={'ON' if kind == 'shared' else 'OFF'}")
                run("cmake", "--build", build, "-j2")
            run("cmake", "--install", build, "--component", "trilobite_sdk", "--prefix", prefix)
            libdir = installed(prefix)
            for pc in (libdir / "pkgconfig").glob("*.pc"):  # what a package manager does when it moves the tree
                lines = pc.read_text().splitlines()
                pc.write_text("\n".join([f"prefix={prefix}"] + lines[1:]) + "\n")
            with_cmake(scratch / f"{kind}-cmake", "find_package(trilobite 0.1 REQUIRED COMPONENTS sdk)",
                       f"-DCMAKE_PREFIX_PATH={prefix}")
            with_pkg_config(scratch / f"{kind}-pkg", prefix, libdir, kind == "static")
            in_c(scratch / f"{kind}-c", prefix, libdir)
            print(f"{kind}: found by CMake and by pkg-config, from C++ and from C")
        with_cmake(scratch / "subdirectory", f'add_subdirectory("{chosen.source}/sdk" sdk)', *launcher,
                   "-DCMAKE_CXX_STANDARD=20")
        print("subdirectory: built")
        # Told, not judged: time never decides a test. The limit is 0.3 s on a quiet machine.
        headers = prefix / "include" / "trilobite"
        for header in sorted(path.name for path in headers.iterdir()):
            print(f"<trilobite/{header}>: {compile_seconds(prefix, header, scratch):.2f} s")


if __name__ == "__main__":
    main()

// bench/generated.cc - makes workloads into files.
#include "bench/generated.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace wirelens::bench {
namespace {

std::string temporary_file() {
  std::string name = (std::filesystem::temp_directory_path() / "workload-XXXXXX").string();
  const int file = mkstemp(name.data());
  if (file < 0) throw std::runtime_error("cannot make " + name);
  close(file);
  return name;
}

}  // namespace

Generated::Generated(std::string_view workload, const Options& options,
                     const CaptureOptions& capture)
    : path_(temporary_file()), truth_(generate(workload, options, path_, capture)) {}

Generated::~Generated() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

std::string Generated::bytes() const {
  std::ifstream stream(path_, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Truth generate(std::string_view workload, const Options& options, const std::string& path,
               const CaptureOptions& capture) {
  const Make make = find_workload(workload);
  if (make == nullptr) throw std::runtime_error("unknown workload: " + std::string(workload));
  FrameBuilder builder;
  CaptureWriter writer(path, capture);
  Truth truth;
  truth.workload = workload;
  truth.seed = options.seed;
  Output out{builder, writer, truth};
  make(options, out);
  writer.close();
  truth.packets = writer.packets();
  truth.captured_bytes = writer.captured_bytes();
  truth.wire_bytes = writer.wire_bytes();
  return truth;
}

}  // namespace wirelens::bench

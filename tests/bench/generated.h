// bench/generated.h - a workload as a file that lives as long as this object, for tests and stages.
#pragma once

#include <string>
#include <string_view>

#include "bench/workloads.h"

namespace wirelens::bench {

class Generated {
 public:
  Generated(std::string_view workload, const Options& options, const CaptureOptions& capture = {});
  ~Generated();
  Generated(const Generated&) = delete;
  Generated& operator=(const Generated&) = delete;

  const std::string& path() const { return path_; }
  const Truth& truth() const { return truth_; }
  /// The whole file.
  std::string bytes() const;

 private:
  std::string path_;
  Truth truth_;
};

/// Makes `path`; what wirelens_generate does.
Truth generate(std::string_view workload, const Options& options, const std::string& path,
               const CaptureOptions& capture);

}  // namespace wirelens::bench

// bench/capture_writer.h - writes pcap (micro- and nanoseconds) and pcapng in either byte order,
// without libpcap, so that the reader under test is never checked against itself.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "bench/frame.h"

namespace wirelens::bench {

enum class Format { pcap, pcap_nanoseconds, pcapng };

struct CaptureOptions {
  Format format = Format::pcap;
  bool swapped = false;  // the byte order that this machine does not have
  std::uint32_t snaplen = 262'144;
};

/// Throws std::runtime_error when the file can't be written: a benchmark on half a file is void.
class CaptureWriter {
 public:
  CaptureWriter(const std::string& path, const CaptureOptions& options);

  /// `time` is in nanoseconds since 1970; pcap and pcapng hold what their resolution allows.
  void write(std::int64_t time, View frame);
  /// Flushes and reports a late write error; without it the file is as good as lost.
  void close();

  std::uint64_t packets() const { return packets_; }
  std::uint64_t captured_bytes() const { return captured_bytes_; }
  std::uint64_t wire_bytes() const { return wire_bytes_; }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void pcap_header();
  void pcapng_header();
  void u16(std::uint16_t value);
  void u32(std::uint32_t value);
  void put(const void* data, std::size_t size);

  CaptureOptions options_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::uint64_t packets_ = 0;
  std::uint64_t captured_bytes_ = 0;
  std::uint64_t wire_bytes_ = 0;
};

}  // namespace wirelens::bench

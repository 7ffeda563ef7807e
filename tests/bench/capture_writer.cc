// bench/capture_writer.cc - the layouts of draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.
#include "bench/capture_writer.h"

#include <algorithm>
#include <stdexcept>

namespace wirelens::bench {
namespace {

constexpr std::uint16_t kEthernet = 1;
constexpr std::size_t kStdioBuffer = 1 << 20;

}  // namespace

CaptureWriter::CaptureWriter(const std::string& path, const CaptureOptions& options)
    : options_(options), file_(std::fopen(path.c_str(), "wb")) {
  if (!file_) throw std::runtime_error("cannot write " + path);
  std::setvbuf(file_.get(), nullptr, _IOFBF, kStdioBuffer);
  if (options_.format == Format::pcapng) {
    pcapng_header();
  } else {
    pcap_header();
  }
}

void CaptureWriter::pcap_header() {
  u32(options_.format == Format::pcap ? 0xa1b2c3d4 : 0xa1b23c4d);
  u16(2);
  u16(4);
  u32(0);
  u32(0);
  u32(options_.snaplen);
  u32(kEthernet);
}

void CaptureWriter::pcapng_header() {
  u32(0x0a0d0d0a);  // section header block
  u32(28);
  u32(0x1a2b3c4d);
  u16(1);
  u16(0);
  u32(0xffffffff);  // section length unknown
  u32(0xffffffff);
  u32(28);
  u32(1);  // interface description block
  u32(32);
  u16(kEthernet);
  u16(0);
  u32(options_.snaplen);
  u16(9);  // if_tsresol: nanoseconds
  u16(1);
  const char resolution[4] = {9, 0, 0, 0};
  put(resolution, sizeof resolution);
  u32(0);  // opt_endofopt
  u32(32);
}

void CaptureWriter::write(std::int64_t time, View frame) {
  const auto stamp = static_cast<std::uint64_t>(time);
  const auto wire = static_cast<std::uint32_t>(frame.size());
  const std::uint32_t captured = std::min(wire, options_.snaplen);
  const std::uint32_t padding = (4 - captured % 4) % 4;
  if (options_.format == Format::pcapng) {
    u32(6);  // enhanced packet block
    u32(32 + captured + padding);
    u32(0);
    u32(static_cast<std::uint32_t>(stamp >> 32));
    u32(static_cast<std::uint32_t>(stamp));
  } else {
    const std::uint64_t fraction = stamp % 1'000'000'000;
    u32(static_cast<std::uint32_t>(stamp / 1'000'000'000));
    u32(static_cast<std::uint32_t>(options_.format == Format::pcap ? fraction / 1000 : fraction));
  }
  u32(captured);
  u32(wire);
  put(frame.data(), captured);
  if (options_.format == Format::pcapng) {
    put("\0\0\0", padding);
    u32(32 + captured + padding);
  }
  ++packets_;
  captured_bytes_ += captured;
  wire_bytes_ += wire;
}

void CaptureWriter::close() {
  if (std::fclose(file_.release()) != 0) throw std::runtime_error("writing the capture failed");
}

void CaptureWriter::u16(std::uint16_t value) {
  if (options_.swapped) value = static_cast<std::uint16_t>((value << 8) | (value >> 8));
  put(&value, sizeof value);
}

void CaptureWriter::u32(std::uint32_t value) {
  if (options_.swapped) value = __builtin_bswap32(value);
  put(&value, sizeof value);
}

void CaptureWriter::put(const void* data, std::size_t size) {
  if (std::fwrite(data, 1, size, file_.get()) != size) {
    throw std::runtime_error("writing the capture failed");
  }
}

}  // namespace wirelens::bench

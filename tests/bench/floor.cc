// bench/floor.cc - wirelens_floor: what merely touching every packet of a file costs.
//
//   pcap FILE   a bare libpcap loop with a callback that counts: the floor of any tool on libpcap
//   walk FILE   a mapped pcap file, record by record, one byte of each cache line of the record
//               header and the first 64 bytes: the floor of any tool at all
#include <fcntl.h>
#include <pcap/pcap.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

struct Count {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;    // captured
  std::uint64_t touched = 0;  // keeps the compiler from leaving the reads out
};

void count_packet(unsigned char* user, const pcap_pkthdr* header, const unsigned char*) {
  Count& count = *reinterpret_cast<Count*>(user);
  ++count.packets;
  count.bytes += header->caplen;
}

bool pcap_floor(const char* path, Count& count) {
  char error[PCAP_ERRBUF_SIZE] = "";
  pcap_t* capture = pcap_open_offline(path, error);
  if (capture == nullptr) {
    std::fprintf(stderr, "wirelens_floor: %s\n", error);
    return false;
  }
  const int status = pcap_loop(capture, -1, count_packet, reinterpret_cast<unsigned char*>(&count));
  if (status != 0) std::fprintf(stderr, "wirelens_floor: %s\n", pcap_geterr(capture));
  pcap_close(capture);
  return status == 0;
}

// Native byte order only: the generator's default.
bool walk_records(const unsigned char* data, std::size_t size, Count& count) {
  constexpr std::size_t kFileHeader = 24;
  constexpr std::size_t kRecordHeader = 16;
  std::uint32_t magic = 0;
  if (size >= kFileHeader) std::memcpy(&magic, data, 4);
  if (magic != 0xa1b2c3d4 && magic != 0xa1b23c4d) return false;
  std::size_t at = kFileHeader;
  while (size - at >= kRecordHeader) {
    std::uint32_t captured;
    std::memcpy(&captured, data + at + 8, 4);
    at += kRecordHeader;
    if (captured > size - at) return false;
    if (captured > 0) {
      count.touched += data[at];
      count.touched += data[at + std::min<std::size_t>(captured, 64) - 1];
    }
    ++count.packets;
    count.bytes += captured;
    at += captured;
  }
  return at == size;
}

bool walk_floor(const char* path, Count& count) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (file < 0 || fstat(file, &status) != 0 || status.st_size == 0) return false;
  const auto size = static_cast<std::size_t>(status.st_size);
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  if (data == MAP_FAILED) return false;
  const bool whole = walk_records(static_cast<const unsigned char*>(data), size, count);
  munmap(data, size);
  return whole;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc == 3 ? argv[1] : "";
  Count count;
  bool whole = false;
  if (kind == "pcap") {
    whole = pcap_floor(argv[2], count);
  } else if (kind == "walk") {
    whole = walk_floor(argv[2], count);
  } else {
    std::fprintf(stderr, "usage: wirelens_floor pcap|walk FILE\n");
    return EXIT_FAILURE;
  }
  std::printf("{\"packets\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"touched\": %" PRIu64 "}\n",
              count.packets, count.bytes, count.touched);
  if (!whole) std::fprintf(stderr, "wirelens_floor: %s is damaged or not pcap\n", argv[2]);
  return whole ? EXIT_SUCCESS : EXIT_FAILURE;
}

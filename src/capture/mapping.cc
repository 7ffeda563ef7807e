// capture/mapping.cc - mapping, paging, and the guard against files that shrink.
#include "capture/mapping.h"

#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <utility>

namespace wirelens {
namespace {

constexpr std::size_t kPage = 4096;

/// One mapping as the signal handler sees it. A guard is free while `begin` is 0.
struct Guard {
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
  std::atomic<bool> hit{false};
};
std::array<Guard, Mapping::kMaxMappings> guards;
struct sigaction before;  // what SIGBUS did before the guards came

/// Puts zeros from the missing page to the end of its mapping. Only calls mmap and sigaction, which
/// the kernel answers without locks of ours.
void on_missing_page(int, siginfo_t* info, void*) {
  const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (Guard& guard : guards) {
    const std::uintptr_t begin = guard.begin.load(std::memory_order_acquire);
    if (begin == 0 || at < begin || at >= guard.end.load(std::memory_order_acquire)) continue;
    const std::uintptr_t page = at & ~(std::uintptr_t{kPage} - 1);
    void* const zeros = mmap(reinterpret_cast<void*>(page), guard.end - page, PROT_READ,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (zeros == MAP_FAILED) break;
    guard.hit.store(true, std::memory_order_release);
    return;
  }
  sigaction(SIGBUS, &before, nullptr);  // not ours: the access is tried again and goes there
}

void install_handler() {
  struct sigaction action {};
  action.sa_sigaction = on_missing_page;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &before);
}

std::optional<std::size_t> take_guard(Bytes bytes) {
  static std::once_flag once;
  static std::mutex mutex;
  std::call_once(once, install_handler);
  const std::lock_guard lock(mutex);
  for (std::size_t i = 0; i < guards.size(); ++i) {
    if (guards[i].begin != 0) continue;
    const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
    guards[i].hit = false;
    guards[i].end = (begin + bytes.size() + kPage - 1) & ~(std::uintptr_t{kPage} - 1);
    guards[i].begin = begin;
    return i;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Mapping> Mapping::over(int descriptor, std::size_t size) {
  void* const at = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (at == MAP_FAILED) return std::nullopt;
  const Bytes bytes(static_cast<const std::uint8_t*>(at), size);
  const auto guard = take_guard(bytes);
  if (!guard) {
    munmap(at, size);
    return std::nullopt;
  }
  madvise(at, size, MADV_SEQUENTIAL);
  return Mapping(bytes, *guard);
}

Mapping::Mapping(Mapping&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), guard_(other.guard_) {}

Mapping::~Mapping() {
  if (bytes_.empty()) return;
  guards[guard_].begin = 0;
  munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

bool Mapping::broken() const {
  return guards[guard_].hit.load(std::memory_order_acquire);
}

bool Mapping::whole() {
  auto* const last = const_cast<std::uint8_t*>(bytes_.data()) + (bytes_.size() - 1) / kPage * kPage;
  // Other refusals than EFAULT are those of a kernel that does not know the question.
  return madvise(last, 1, MADV_POPULATE_READ) == 0 || errno != EFAULT;
}

void Mapping::let_go(std::size_t from, std::size_t to) {
  // Once a page was replaced, letting go would drop its zeros: the file is given up anyway.
  if (!broken()) madvise(const_cast<std::uint8_t*>(bytes_.data()) + from, to - from, MADV_DONTNEED);
}

Stretch MappedFeed::advance(std::uint64_t offset, std::size_t need) {
  const std::size_t size = mapping_.bytes().size();
  const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, size));
  const std::size_t to = std::min(size, (from / kWindow + 1) * kWindow + need);
  if (from > let_go_ + kBehind + kWindow) {
    const std::size_t behind = (from - kBehind) / kWindow * kWindow;
    mapping_.let_go(let_go_, behind);
    let_go_ = behind;
  }
  shorter_ = shorter_ || mapping_.broken() || (to == size && !mapping_.whole());
  if (shorter_) return {{}, FeedState::broken};
  return {mapping_.bytes().subspan(from, to - from),
          to == size ? FeedState::ended : FeedState::open};
}

std::string MappedFeed::fault() const {
  return shorter_ || mapping_.broken() ? "the file got shorter while it was read" : "";
}

}  // namespace wirelens

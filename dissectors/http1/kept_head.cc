// http1/kept_head.cc - one block of memory a head.
#include "http1/kept_head.h"

#include <algorithm>
#include <cstring>

namespace wirelens::http1 {

KeptHead::~KeptHead() {
  if (block_) memory_.deallocate(block_, size_, alignof(HeaderField));
}

void KeptHead::keep(Bytes text) {
  const TextMarks marks = marks_of(as_text(text));
  const std::size_t capacity = std::min(marks.lines, kMaxFields);
  const std::size_t front = capacity * sizeof(HeaderField);
  size_ = front + text.size();
  block_ = static_cast<std::byte*>(memory_.allocate(size_, alignof(HeaderField)));
  fields_ = reinterpret_cast<HeaderField*>(block_);
  char* copy = reinterpret_cast<char*>(block_ + front);
  std::memcpy(copy, text.data(), text.size());
  parser_.emplace(kind_, fields_, capacity);
  parser_->parse(copy, text.size(), marks);
}

void KeptHead::finish(bool show_secrets) {
  const Head& head = parser_->finish();
  target_ = head.target;
  if (show_secrets) return;
  target_ = texts_.uri(target_);
  for (std::size_t i = 0; i < head.fields; ++i) {
    fields_[i].second = texts_.field(fields_[i].first, fields_[i].second);
  }
}

}  // namespace wirelens::http1

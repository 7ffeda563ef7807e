// http1/kept_head.cc - one block of memory a head.
#include "http1/kept_head.h"

#include <algorithm>
#include <cstring>

#include "http1/text_marks.h"

namespace wirelens::http1 {

const Head KeptHead::kNone{};

KeptHead::~KeptHead() {
  if (block_) memory_.deallocate(block_, size_, alignof(HeaderField));
}

char* KeptHead::allocate(std::size_t fields, std::size_t text) {
  const std::size_t front = fields * sizeof(HeaderField);
  size_ = front + text;
  block_ = static_cast<std::byte*>(memory_.allocate(size_, alignof(HeaderField)));
  fields_ = reinterpret_cast<HeaderField*>(block_);
  parser_.emplace(kind_, fields_, fields);
  return reinterpret_cast<char*>(block_ + front);
}

void KeptHead::keep(Bytes text) {
  const TextMarks marks(as_text(text));
  char* copy = allocate(std::min(marks.lines(), kMaxFields), text.size());
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  parser_->parse(copy, marks);
}

void KeptHead::keep_start_line(std::string_view line) {
  char* copy = allocate(0, line.size());
  line.copy(copy, line.size());
  parser_->head().faults.add(Fault::long_request_line);
  parser_->start_line({copy, line.size()});
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

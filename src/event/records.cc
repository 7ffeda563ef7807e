// event/records.cc - names of the shared records' values.
#include "event/records.h"

namespace wirelens {

std::string_view name_of(Close close) {
  switch (close) {
    case Close::open:
      return "open";
    case Close::fin:
      return "fin";
    case Close::reset_by_client:
      return "reset_by_client";
    case Close::reset_by_server:
      return "reset_by_server";
    case Close::timeout:
      return "timeout";
    case Close::refused:
      return "refused";
    case Close::unanswered:
      return "unanswered";
  }
  return "open";
}

}  // namespace wirelens

#include "base/result.h"

namespace trilobite {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kInvalid: return "invalid";
    case Code::kNotFound: return "not found";
    case Code::kExists: return "exists";
    case Code::kLimit: return "limit";
    case Code::kOverload: return "overload";
    case Code::kUnavailable: return "unavailable";
    case Code::kNoSpace: return "no space";
    case Code::kCancelled: return "cancelled";
    case Code::kTimeout: return "timeout";
    case Code::kCorrupt: return "corrupt";
    case Code::kIo: return "io";
    case Code::kUnsupported: return "unsupported";
    case Code::kInternal: return "internal";
  }
  return "unknown";
}

}  // namespace trilobite

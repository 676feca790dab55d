"""Run by its path: the cards as CUDA counts them, a line of hexadecimal digits for each UUID.

A process of its own, as CUDA reads its variables once, when it is initialised.  No context is
opened.  Prints what CUDA says instead, and ends with 1, where it cannot be initialised.
"""

import ctypes
import sys

LIBRARY = "libcuda.so.1"


def main() -> int:
    """Run the command."""
    try:
        cuda = ctypes.CDLL(LIBRARY)
    except OSError:
        print(f"the driver's {LIBRARY} is not there")
        return 1
    error = cuda.cuInit(0)
    count = ctypes.c_int()
    error = error or cuda.cuDeviceGetCount(ctypes.byref(count))
    if error:
        text = ctypes.c_char_p()
        cuda.cuGetErrorString(error, ctypes.byref(text))
        print(f"error {error} ({(text.value or b'unknown').decode()})")
        return 1
    # The second version knows instances of MIG; drivers before 11.4 have the first.
    name = "cuDeviceGetUuid_v2" if hasattr(cuda, "cuDeviceGetUuid_v2") else "cuDeviceGetUuid"
    for index in range(count.value):
        device, uuid = ctypes.c_int(), (ctypes.c_ubyte * 16)()
        if not cuda.cuDeviceGet(ctypes.byref(device), index) and not getattr(cuda, name)(
            ctypes.byref(uuid), device
        ):
            print(bytes(uuid).hex())
    return 0


if __name__ == "__main__":
    sys.exit(main())

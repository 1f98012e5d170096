namespace CrCore;

/// <summary>Error numbers of Linux on x86-64 (include/uapi/asm-generic/errno.h), by their names.</summary>
public enum Errno
{
    /// <summary>No error.</summary>
    None = 0,
    /// <summary>Operation not permitted.</summary>
    EPERM = 1,
    /// <summary>No such file or directory.</summary>
    ENOENT = 2,
    /// <summary>No such process.</summary>
    ESRCH = 3,
    /// <summary>Interrupted system call.</summary>
    EINTR = 4,
    /// <summary>Input/output error.</summary>
    EIO = 5,
    /// <summary>No such device or address.</summary>
    ENXIO = 6,
    /// <summary>Argument list too long.</summary>
    E2BIG = 7,
    /// <summary>Exec format error.</summary>
    ENOEXEC = 8,
    /// <summary>Bad file descriptor.</summary>
    EBADF = 9,
    /// <summary>No child processes.</summary>
    ECHILD = 10,
    /// <summary>Resource temporarily unavailable.</summary>
    EAGAIN = 11,
    /// <summary>Cannot allocate memory.</summary>
    ENOMEM = 12,
    /// <summary>Permission denied.</summary>
    EACCES = 13,
    /// <summary>Bad address.</summary>
    EFAULT = 14,
    /// <summary>Block device required.</summary>
    ENOTBLK = 15,
    /// <summary>Device or resource busy.</summary>
    EBUSY = 16,
    /// <summary>File exists.</summary>
    EEXIST = 17,
    /// <summary>Invalid cross-device link.</summary>
    EXDEV = 18,
    /// <summary>No such device.</summary>
    ENODEV = 19,
    /// <summary>Not a directory.</summary>
    ENOTDIR = 20,
    /// <summary>Is a directory.</summary>
    EISDIR = 21,
    /// <summary>Invalid argument.</summary>
    EINVAL = 22,
    /// <summary>Too many open files in system.</summary>
    ENFILE = 23,
    /// <summary>Too many open files.</summary>
    EMFILE = 24,
    /// <summary>Inappropriate ioctl for device.</summary>
    ENOTTY = 25,
    /// <summary>Text file busy.</summary>
    ETXTBSY = 26,
    /// <summary>File too large.</summary>
    EFBIG = 27,
    /// <summary>No space left on device.</summary>
    ENOSPC = 28,
    /// <summary>Illegal seek.</summary>
    ESPIPE = 29,
    /// <summary>Read-only file system.</summary>
    EROFS = 30,
    /// <summary>Too many links.</summary>
    EMLINK = 31,
    /// <summary>Broken pipe.</summary>
    EPIPE = 32,
    /// <summary>Numerical argument out of domain.</summary>
    EDOM = 33,
    /// <summary>Numerical result out of range.</summary>
    ERANGE = 34,
    /// <summary>Resource deadlock avoided.</summary>
    EDEADLK = 35,
    /// <summary>File name too long.</summary>
    ENAMETOOLONG = 36,
    /// <summary>No locks available.</summary>
    ENOLCK = 37,
    /// <summary>Function not implemented.</summary>
    ENOSYS = 38,
    /// <summary>Directory not empty.</summary>
    ENOTEMPTY = 39,
    /// <summary>Too many levels of symbolic links.</summary>
    ELOOP = 40,
    /// <summary>No message of desired type.</summary>
    ENOMSG = 42,
    /// <summary>Identifier removed.</summary>
    EIDRM = 43,
    /// <summary>Channel number out of range.</summary>
    ECHRNG = 44,
    /// <summary>Level 2 not synchronized.</summary>
    EL2NSYNC = 45,
    /// <summary>Level 3 halted.</summary>
    EL3HLT = 46,
    /// <summary>Level 3 reset.</summary>
    EL3RST = 47,
    /// <summary>Link number out of range.</summary>
    ELNRNG = 48,
    /// <summary>Protocol driver not attached.</summary>
    EUNATCH = 49,
    /// <summary>No csi structure available.</summary>
    ENOCSI = 50,
    /// <summary>Level 2 halted.</summary>
    EL2HLT = 51,
    /// <summary>Invalid exchange.</summary>
    EBADE = 52,
    /// <summary>Invalid request descriptor.</summary>
    EBADR = 53,
    /// <summary>Exchange full.</summary>
    EXFULL = 54,
    /// <summary>No anode.</summary>
    ENOANO = 55,
    /// <summary>Invalid request code.</summary>
    EBADRQC = 56,
    /// <summary>Invalid slot.</summary>
    EBADSLT = 57,
    /// <summary>Bad font file format.</summary>
    EBFONT = 59,
    /// <summary>Device not a stream.</summary>
    ENOSTR = 60,
    /// <summary>No data available.</summary>
    ENODATA = 61,
    /// <summary>Timer expired.</summary>
    ETIME = 62,
    /// <summary>Out of streams resources.</summary>
    ENOSR = 63,
    /// <summary>Machine is not on the network.</summary>
    ENONET = 64,
    /// <summary>Package not installed.</summary>
    ENOPKG = 65,
    /// <summary>Object is remote.</summary>
    EREMOTE = 66,
    /// <summary>Link has been severed.</summary>
    ENOLINK = 67,
    /// <summary>Advertise error.</summary>
    EADV = 68,
    /// <summary>Srmount error.</summary>
    ESRMNT = 69,
    /// <summary>Communication error on send.</summary>
    ECOMM = 70,
    /// <summary>Protocol error.</summary>
    EPROTO = 71,
    /// <summary>Multihop attempted.</summary>
    EMULTIHOP = 72,
    /// <summary>Rfs specific error.</summary>
    EDOTDOT = 73,
    /// <summary>Bad message.</summary>
    EBADMSG = 74,
    /// <summary>Value too large for defined data type.</summary>
    EOVERFLOW = 75,
    /// <summary>Name not unique on network.</summary>
    ENOTUNIQ = 76,
    /// <summary>File descriptor in bad state.</summary>
    EBADFD = 77,
    /// <summary>Remote address changed.</summary>
    EREMCHG = 78,
    /// <summary>Can not access a needed shared library.</summary>
    ELIBACC = 79,
    /// <summary>Accessing a corrupted shared library.</summary>
    ELIBBAD = 80,
    /// <summary>.lib section in a.out corrupted.</summary>
    ELIBSCN = 81,
    /// <summary>Attempting to link in too many shared libraries.</summary>
    ELIBMAX = 82,
    /// <summary>Cannot exec a shared library directly.</summary>
    ELIBEXEC = 83,
    /// <summary>Invalid or incomplete multibyte or wide character.</summary>
    EILSEQ = 84,
    /// <summary>Interrupted system call should be restarted.</summary>
    ERESTART = 85,
    /// <summary>Streams pipe error.</summary>
    ESTRPIPE = 86,
    /// <summary>Too many users.</summary>
    EUSERS = 87,
    /// <summary>Socket operation on non-socket.</summary>
    ENOTSOCK = 88,
    /// <summary>Destination address required.</summary>
    EDESTADDRREQ = 89,
    /// <summary>Message too long.</summary>
    EMSGSIZE = 90,
    /// <summary>Protocol wrong type for socket.</summary>
    EPROTOTYPE = 91,
    /// <summary>Protocol not available.</summary>
    ENOPROTOOPT = 92,
    /// <summary>Protocol not supported.</summary>
    EPROTONOSUPPORT = 93,
    /// <summary>Socket type not supported.</summary>
    ESOCKTNOSUPPORT = 94,
    /// <summary>Operation not supported.</summary>
    EOPNOTSUPP = 95,
    /// <summary>Protocol family not supported.</summary>
    EPFNOSUPPORT = 96,
    /// <summary>Address family not supported by protocol.</summary>
    EAFNOSUPPORT = 97,
    /// <summary>Address already in use.</summary>
    EADDRINUSE = 98,
    /// <summary>Cannot assign requested address.</summary>
    EADDRNOTAVAIL = 99,
    /// <summary>Network is down.</summary>
    ENETDOWN = 100,
    /// <summary>Network is unreachable.</summary>
    ENETUNREACH = 101,
    /// <summary>Network dropped connection on reset.</summary>
    ENETRESET = 102,
    /// <summary>Software caused connection abort.</summary>
    ECONNABORTED = 103,
    /// <summary>Connection reset by peer.</summary>
    ECONNRESET = 104,
    /// <summary>No buffer space available.</summary>
    ENOBUFS = 105,
    /// <summary>Transport endpoint is already connected.</summary>
    EISCONN = 106,
    /// <summary>Transport endpoint is not connected.</summary>
    ENOTCONN = 107,
    /// <summary>Cannot send after transport endpoint shutdown.</summary>
    ESHUTDOWN = 108,
    /// <summary>Too many references: cannot splice.</summary>
    ETOOMANYREFS = 109,
    /// <summary>Connection timed out.</summary>
    ETIMEDOUT = 110,
    /// <summary>Connection refused.</summary>
    ECONNREFUSED = 111,
    /// <summary>Host is down.</summary>
    EHOSTDOWN = 112,
    /// <summary>No route to host.</summary>
    EHOSTUNREACH = 113,
    /// <summary>Operation already in progress.</summary>
    EALREADY = 114,
    /// <summary>Operation now in progress.</summary>
    EINPROGRESS = 115,
    /// <summary>Stale file handle.</summary>
    ESTALE = 116,
    /// <summary>Structure needs cleaning.</summary>
    EUCLEAN = 117,
    /// <summary>Not a xenix named type file.</summary>
    ENOTNAM = 118,
    /// <summary>No xenix semaphores available.</summary>
    ENAVAIL = 119,
    /// <summary>Is a named type file.</summary>
    EISNAM = 120,
    /// <summary>Remote i/o error.</summary>
    EREMOTEIO = 121,
    /// <summary>Disk quota exceeded.</summary>
    EDQUOT = 122,
    /// <summary>No medium found.</summary>
    ENOMEDIUM = 123,
    /// <summary>Wrong medium type.</summary>
    EMEDIUMTYPE = 124,
    /// <summary>Operation canceled.</summary>
    ECANCELED = 125,
    /// <summary>Required key not available.</summary>
    ENOKEY = 126,
    /// <summary>Key has expired.</summary>
    EKEYEXPIRED = 127,
    /// <summary>Key has been revoked.</summary>
    EKEYREVOKED = 128,
    /// <summary>Key was rejected by service.</summary>
    EKEYREJECTED = 129,
    /// <summary>Owner died.</summary>
    EOWNERDEAD = 130,
    /// <summary>State not recoverable.</summary>
    ENOTRECOVERABLE = 131,
    /// <summary>Operation not possible due to rf-kill.</summary>
    ERFKILL = 132,
    /// <summary>Kernel-internal, as the three below (include/linux/errno.h): a tracer sees them in rax. The call is made again unless a handler without SA_RESTART runs.</summary>
    ERESTARTSYS = 512,
    /// <summary>Kernel-internal: the call is made again, whatever signals do.</summary>
    ERESTARTNOINTR = 513,
    /// <summary>Kernel-internal: the call is made again unless a handler runs.</summary>
    ERESTARTNOHAND = 514,
    /// <summary>Kernel-internal: restart_syscall(2) goes on with the call, with what is left of its time.</summary>
    ERESTART_RESTARTBLOCK = 516,
}

/// <summary>Error numbers in words.</summary>
public static class ErrnoExtensions
{
    /// <summary>The error in words, as strerror(3) says it in the C locale.</summary>
    public static string Describe(this Errno errno) => errno switch
    {
        Errno.EPERM => "operation not permitted",
        Errno.ENOENT => "no such file or directory",
        Errno.ESRCH => "no such process",
        Errno.EINTR => "interrupted system call",
        Errno.EIO => "input/output error",
        Errno.ENXIO => "no such device or address",
        Errno.E2BIG => "argument list too long",
        Errno.ENOEXEC => "exec format error",
        Errno.EBADF => "bad file descriptor",
        Errno.ECHILD => "no child processes",
        Errno.EAGAIN => "resource temporarily unavailable",
        Errno.ENOMEM => "cannot allocate memory",
        Errno.EACCES => "permission denied",
        Errno.EFAULT => "bad address",
        Errno.ENOTBLK => "block device required",
        Errno.EBUSY => "device or resource busy",
        Errno.EEXIST => "file exists",
        Errno.EXDEV => "invalid cross-device link",
        Errno.ENODEV => "no such device",
        Errno.ENOTDIR => "not a directory",
        Errno.EISDIR => "is a directory",
        Errno.EINVAL => "invalid argument",
        Errno.ENFILE => "too many open files in system",
        Errno.EMFILE => "too many open files",
        Errno.ENOTTY => "inappropriate ioctl for device",
        Errno.ETXTBSY => "text file busy",
        Errno.EFBIG => "file too large",
        Errno.ENOSPC => "no space left on device",
        Errno.ESPIPE => "illegal seek",
        Errno.EROFS => "read-only file system",
        Errno.EMLINK => "too many links",
        Errno.EPIPE => "broken pipe",
        Errno.EDOM => "numerical argument out of domain",
        Errno.ERANGE => "numerical result out of range",
        Errno.EDEADLK => "resource deadlock avoided",
        Errno.ENAMETOOLONG => "file name too long",
        Errno.ENOLCK => "no locks available",
        Errno.ENOSYS => "function not implemented",
        Errno.ENOTEMPTY => "directory not empty",
        Errno.ELOOP => "too many levels of symbolic links",
        Errno.ENOMSG => "no message of desired type",
        Errno.EIDRM => "identifier removed",
        Errno.ECHRNG => "channel number out of range",
        Errno.EL2NSYNC => "level 2 not synchronized",
        Errno.EL3HLT => "level 3 halted",
        Errno.EL3RST => "level 3 reset",
        Errno.ELNRNG => "link number out of range",
        Errno.EUNATCH => "protocol driver not attached",
        Errno.ENOCSI => "no csi structure available",
        Errno.EL2HLT => "level 2 halted",
        Errno.EBADE => "invalid exchange",
        Errno.EBADR => "invalid request descriptor",
        Errno.EXFULL => "exchange full",
        Errno.ENOANO => "no anode",
        Errno.EBADRQC => "invalid request code",
        Errno.EBADSLT => "invalid slot",
        Errno.EBFONT => "bad font file format",
        Errno.ENOSTR => "device not a stream",
        Errno.ENODATA => "no data available",
        Errno.ETIME => "timer expired",
        Errno.ENOSR => "out of streams resources",
        Errno.ENONET => "machine is not on the network",
        Errno.ENOPKG => "package not installed",
        Errno.EREMOTE => "object is remote",
        Errno.ENOLINK => "link has been severed",
        Errno.EADV => "advertise error",
        Errno.ESRMNT => "srmount error",
        Errno.ECOMM => "communication error on send",
        Errno.EPROTO => "protocol error",
        Errno.EMULTIHOP => "multihop attempted",
        Errno.EDOTDOT => "rfs specific error",
        Errno.EBADMSG => "bad message",
        Errno.EOVERFLOW => "value too large for defined data type",
        Errno.ENOTUNIQ => "name not unique on network",
        Errno.EBADFD => "file descriptor in bad state",
        Errno.EREMCHG => "remote address changed",
        Errno.ELIBACC => "can not access a needed shared library",
        Errno.ELIBBAD => "accessing a corrupted shared library",
        Errno.ELIBSCN => ".lib section in a.out corrupted",
        Errno.ELIBMAX => "attempting to link in too many shared libraries",
        Errno.ELIBEXEC => "cannot exec a shared library directly",
        Errno.EILSEQ => "invalid or incomplete multibyte or wide character",
        Errno.ERESTART => "interrupted system call should be restarted",
        Errno.ESTRPIPE => "streams pipe error",
        Errno.EUSERS => "too many users",
        Errno.ENOTSOCK => "socket operation on non-socket",
        Errno.EDESTADDRREQ => "destination address required",
        Errno.EMSGSIZE => "message too long",
        Errno.EPROTOTYPE => "protocol wrong type for socket",
        Errno.ENOPROTOOPT => "protocol not available",
        Errno.EPROTONOSUPPORT => "protocol not supported",
        Errno.ESOCKTNOSUPPORT => "socket type not supported",
        Errno.EOPNOTSUPP => "operation not supported",
        Errno.EPFNOSUPPORT => "protocol family not supported",
        Errno.EAFNOSUPPORT => "address family not supported by protocol",
        Errno.EADDRINUSE => "address already in use",
        Errno.EADDRNOTAVAIL => "cannot assign requested address",
        Errno.ENETDOWN => "network is down",
        Errno.ENETUNREACH => "network is unreachable",
        Errno.ENETRESET => "network dropped connection on reset",
        Errno.ECONNABORTED => "software caused connection abort",
        Errno.ECONNRESET => "connection reset by peer",
        Errno.ENOBUFS => "no buffer space available",
        Errno.EISCONN => "transport endpoint is already connected",
        Errno.ENOTCONN => "transport endpoint is not connected",
        Errno.ESHUTDOWN => "cannot send after transport endpoint shutdown",
        Errno.ETOOMANYREFS => "too many references: cannot splice",
        Errno.ETIMEDOUT => "connection timed out",
        Errno.ECONNREFUSED => "connection refused",
        Errno.EHOSTDOWN => "host is down",
        Errno.EHOSTUNREACH => "no route to host",
        Errno.EALREADY => "operation already in progress",
        Errno.EINPROGRESS => "operation now in progress",
        Errno.ESTALE => "stale file handle",
        Errno.EUCLEAN => "structure needs cleaning",
        Errno.ENOTNAM => "not a xenix named type file",
        Errno.ENAVAIL => "no xenix semaphores available",
        Errno.EISNAM => "is a named type file",
        Errno.EREMOTEIO => "remote i/o error",
        Errno.EDQUOT => "disk quota exceeded",
        Errno.ENOMEDIUM => "no medium found",
        Errno.EMEDIUMTYPE => "wrong medium type",
        Errno.ECANCELED => "operation canceled",
        Errno.ENOKEY => "required key not available",
        Errno.EKEYEXPIRED => "key has expired",
        Errno.EKEYREVOKED => "key has been revoked",
        Errno.EKEYREJECTED => "key was rejected by service",
        Errno.EOWNERDEAD => "owner died",
        Errno.ENOTRECOVERABLE => "state not recoverable",
        Errno.ERFKILL => "operation not possible due to rf-kill",
        _ => $"error {(int)errno}",
    };
}

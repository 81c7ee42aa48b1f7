using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.SharedMemory;

/// <summary>Opens what a client made with <c>shm_open</c>: a plain file in <c>/dev/shm</c>, and nothing else that its name could lead to.</summary>
internal static partial class SharedMemoryFile
{
    public const string Folder = "/dev/shm/";
    private const int LongestName = 255;
    private const int ReadWrite = 2;
    private const int DoNotBlock = 0x800;
    private const int CloseOnExecute = 0x80000;
    private const int EmptyPath = 0x1000;
    private const uint BasicFacts = 0x7ff;
    private const int StatxBytes = 256;
    private const int KindAt = 28;
    private const int KindMask = 0xf000;
    private const int PlainFile = 0x8000;

    // Where isolated models of this and of other servers keep what is theirs.
    private static readonly string[] Reserved = ["triton_python_backend_shm_region_", "odl-models-"];

    // The kernel's O_NOFOLLOW is not the same number everywhere.
    private static int DoNotFollow => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;

    /// <summary>The file's name in <c>/dev/shm</c>.</summary>
    /// <param name="region">The region it is for.</param>
    /// <param name="key">As the client calls it: a name, which may begin with a slash.</param>
    /// <param name="prefix">What the name must begin with.</param>
    /// <exception cref="InferenceProtocolException">It is no name of shared memory, or of memory that is not a client's.</exception>
    public static string NameOf(string region, string key, string prefix)
    {
        var name = key.StartsWith('/') ? key[1..] : key;
        foreach (var reserved in Reserved)
        {
            if (name.StartsWith(reserved, StringComparison.Ordinal))
            {
                throw InferenceProtocolException.Invalid($"cannot register shared memory region '{region}' with key '{key}' as the key contains the reserved prefix '{reserved}'");
            }
        }

        if (name.Length is 0 or > LongestName || name is "." or ".." || name.Contains('/') || name.AsSpan().ContainsAnyInRange('\0', '\u001f'))
        {
            throw InferenceProtocolException.Invalid(
                $"failed to register shared memory region '{region}': its key must be one name, as of shm_open: at most {LongestName} characters, no slash but a leading one, not '.' or '..'");
        }

        return name.StartsWith(prefix, StringComparison.Ordinal)
            ? name
            : throw InferenceProtocolException.Invalid($"failed to register shared memory region '{region}': on this server its key must begin with '/{prefix}' (Serving:SharedMemory:KeyPrefix)");
    }

    /// <summary>What is said of a key that no memory has.</summary>
    public static InferenceProtocolException NotThere(string key) => InferenceProtocolException.Internal($"Unable to open shared memory region: '{key}'");

    /// <exception cref="InferenceProtocolException">There is no such file, or it is none.</exception>
    public static SafeFileHandle Open(string name)
    {
        var descriptor = Open(Folder + name, ReadWrite | DoNotFollow | DoNotBlock | CloseOnExecute);
        if (descriptor < 0)
        {
            throw NotThere("/" + name);
        }

        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        Span<byte> facts = stackalloc byte[StatxBytes];
        if (Statx(descriptor, "", EmptyPath, BasicFacts, ref MemoryMarshal.GetReference(facts)) == 0 && (BinaryPrimitives.ReadUInt16LittleEndian(facts[KindAt..]) & KindMask) == PlainFile)
        {
            return file;
        }

        file.Dispose();
        throw InferenceProtocolException.Internal($"Invalid shared memory region: '/{name}'");
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string file, int flags, uint mask, ref byte facts);
}

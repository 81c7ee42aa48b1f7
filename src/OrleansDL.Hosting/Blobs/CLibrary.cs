using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansDL.Blobs;

/// <summary>What .NET does not offer of the file system.</summary>
internal static partial class CLibrary
{
    private const int ReadOnly = 0;
    private const int WriteOnly = 1;
    private const int CloseOnExecute = 0x80000;
    private const int NoSuchFile = 2;

    /// <summary>Makes what was moved into a folder durable: a file's own flush does not say under which name it lies.</summary>
    public static void FlushFolder(string folder)
    {
        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"The folder '{folder}' cannot be opened: error {Marshal.GetLastPInvokeError()}.");
        }

        try
        {
            // Some file systems (network shares) cannot flush a folder, and need not.
            _ = Flush(descriptor);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Gives a file a second name, which stays when the first is removed; where the file system cannot, copies it.</summary>
    /// <returns>False when there is no such file (any more).</returns>
    public static bool LinkOrCopy(string file, string link)
    {
        if (Link(file, link) == 0)
        {
            return true;
        }

        if (Marshal.GetLastPInvokeError() == NoSuchFile && !File.Exists(file))
        {
            return false;
        }

        try
        {
            File.Copy(file, link);
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Opens a file that is there for writing past the page cache: only whole, aligned blocks.</summary>
    /// <returns>Null where the file system or the processor's kernel does not offer that.</returns>
    public static SafeFileHandle? OpenDirect(string path)
    {
        // The kernel's O_DIRECT is not the same number everywhere.
        var direct = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 0x4000,
            Architecture.Arm64 => 0x10000,
            _ => 0,
        };
        if (direct == 0 || !OperatingSystem.IsLinux())
        {
            return null;
        }

        var descriptor = Open(path, WriteOnly | CloseOnExecute | direct);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string file, string link);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}

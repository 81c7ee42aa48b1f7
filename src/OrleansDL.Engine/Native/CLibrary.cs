using System.Runtime.InteropServices;

namespace OrleansDL.Native;

internal static partial class CLibrary
{
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetEnvironmentVariable(string name, string value, int overwrite);
}

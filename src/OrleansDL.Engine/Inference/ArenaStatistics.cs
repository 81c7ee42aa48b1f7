using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using OrleansDL.Native;

namespace OrleansDL.Inference;

/// <summary>Asks a session's allocator what it holds. The runtime's C interface tells; its managed wrapper does not yet.</summary>
internal static unsafe class ArenaStatistics
{
    /// <summary>First version of the interface that has the call.</summary>
    private const uint InterfaceVersion = 23;

    private static readonly Lazy<OrtApi> Interface = new(() =>
    {
        OnnxLibrary.Load();
        var getBase = (delegate* unmanaged<nint*>)NativeLibrary.GetExport(OnnxLibrary.Handle, "OrtGetApiBase");
        var getInterface = (delegate* unmanaged<uint, nint>)getBase()[0];
        return Marshal.PtrToStructure<OrtApi>(getInterface(InterfaceVersion));
    });

    /// <summary>What the arena of the session's processor memory holds; nothing when it has none.</summary>
    public static ArenaUse Of(InferenceSession session)
    {
        using var allocator = new OrtAllocator(session, OrtMemoryInfo.DefaultInstance);
        nint pairs;
        var status = ((delegate* unmanaged<nint, nint*, nint>)Interface.Value.AllocatorGetStats)(allocator.DangerousGetHandle(), &pairs);
        if (status != 0)
        {
            ((delegate* unmanaged<nint, void>)Interface.Value.ReleaseStatus)(status);
            return default;
        }

        try
        {
            return Read(pairs);
        }
        finally
        {
            ((delegate* unmanaged<nint, void>)Interface.Value.ReleaseKeyValuePairs)(pairs);
        }
    }

    private static ArenaUse Read(nint pairs)
    {
        byte** keys;
        byte** values;
        nuint count;
        ((delegate* unmanaged<nint, byte***, byte***, nuint*, void>)Interface.Value.GetKeyValuePairs)(pairs, &keys, &values, &count);
        long used = 0, reserved = 0;
        for (nuint pair = 0; pair < count; pair++)
        {
            var key = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(keys[pair]);
            var value = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(values[pair]);
            if (key.SequenceEqual("MaxInUse"u8))
            {
                used = long.Parse(value, CultureInfo.InvariantCulture);
            }
            else if (key.SequenceEqual("TotalAllocated"u8))
            {
                reserved = long.Parse(value, CultureInfo.InvariantCulture);
            }
        }

        return new ArenaUse(used, reserved);
    }
}

using System.Buffers.Binary;

namespace OrleansDL.Training.Sandbox;

/// <summary>The system calls user code does not get: what would open new name spaces (in which limits do not hold), memory nobody counts,
/// or parts of the kernel that no training needs. x86-64.</summary>
internal static class SeccompFilter
{
    private const uint Architecture = 0xc000003e;
    private const uint OtherTable = 0x40000000;
    private const uint NewNameSpaces = 0x7e020080;
    private const int NoSuchCall = 38;
    private const int NotPermitted = 1;
    private const int Clone = 56;
    private const int Clone3 = 435;

    private const ushort Load = 0x20;
    private const ushort JumpEqual = 0x15;
    private const ushort JumpAtLeast = 0x35;
    private const ushort JumpAnyBit = 0x45;
    private const ushort Return = 0x06;
    private const uint Allow = 0x7fff0000;
    private const uint Kill = 0x80000000;
    private const uint Fail = 0x00050000;

    private static readonly int[] Refused =
    [
        29, 30, 31, 67, // shmget, shmat, shmctl, shmdt: memory that is in no process
        64, 68, // semget, msgget
        101, 310, 311, // ptrace, process_vm_readv, process_vm_writev
        155, 161, 165, 166, // pivot_root, chroot, mount, umount2
        167, 168, 169, // swapon, swapoff, reboot
        175, 176, 246, 313, 320, // modules and kexec
        248, 249, 250, // keys
        272, 308, // unshare, setns
        298, 321, 323, // perf_event_open, bpf, userfaultfd
        304, // open_by_handle_at
        425, 426, 427, // io_uring
        428, 429, 430, 431, 432, 433, 442, // the newer mount calls
    ];

    /// <summary>The program in the form that the kernel and bubblewrap take.</summary>
    public static byte[] Build()
    {
        var program = new List<(ushort Code, byte True, byte False, uint Value)>
        {
            (Load, 0, 0, 4),
            (JumpEqual, 1, 0, Architecture),
            (Return, 0, 0, Kill),
            (Load, 0, 0, 0),
            (JumpAtLeast, 0, 1, OtherTable),
            (Return, 0, 0, Fail | NoSuchCall),

            // What clone3 is asked for lies in memory, where no filter looks: without it the C library takes clone.
            (JumpEqual, 0, 1, Clone3),
            (Return, 0, 0, Fail | NoSuchCall),
        };
        foreach (var call in Refused)
        {
            program.Add((JumpEqual, 0, 1, (uint)call));
            program.Add((Return, 0, 0, Fail | NotPermitted));
        }

        program.Add((JumpEqual, 0, 3, Clone));
        program.Add((Load, 0, 0, 16));
        program.Add((JumpAnyBit, 0, 1, NewNameSpaces));
        program.Add((Return, 0, 0, Fail | NotPermitted));
        program.Add((Return, 0, 0, Allow));

        var bytes = new byte[program.Count * 8];
        foreach (var (index, (code, whenTrue, whenFalse, value)) in program.Index())
        {
            var place = bytes.AsSpan(index * 8);
            BinaryPrimitives.WriteUInt16LittleEndian(place, code);
            (place[2], place[3]) = (whenTrue, whenFalse);
            BinaryPrimitives.WriteUInt32LittleEndian(place[4..], value);
        }

        return bytes;
    }
}

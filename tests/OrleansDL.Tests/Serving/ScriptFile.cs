using System.IO.Compression;
using System.Text;

namespace OrleansDL.Tests.Serving;

/// <summary>A TorchScript file without weights, written by hand: code, an object of its class, and the form's version.</summary>
internal static class ScriptFile
{
    /// <param name="forward">Parameters, result and body of <c>forward</c>, as in <c>(self, x: Tensor) -> Tensor:\n    return x</c>.</param>
    public static byte[] Write(string forward)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            // An object of class M with one attribute, training = False, as pickle spells it.
            byte[] module = [0x80, 2, (byte)'c', .. "__torch__\nM\n"u8, (byte)')', 0x81, (byte)'}', (byte)'(', (byte)'X', 8, 0, 0, 0, .. "training"u8, 0x89, (byte)'u', (byte)'b', (byte)'.'];
            Add(zip, "data.pkl", module);
            Add(zip, "code/__torch__.py", Encoding.UTF8.GetBytes(
                $"class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n  def forward{forward}\n"));
            Add(zip, "constants.pkl", [0x80, 2, (byte)')', (byte)'.']);
            Add(zip, "version", "3\n"u8.ToArray());
        }

        return bytes.ToArray();
    }

    private static void Add(ZipArchive zip, string name, byte[] bytes)
    {
        using var entry = zip.CreateEntry("model/" + name, CompressionLevel.NoCompression).Open();
        entry.Write(bytes);
    }
}

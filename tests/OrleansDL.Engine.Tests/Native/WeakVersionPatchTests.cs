using OrleansDL.Native;

namespace OrleansDL.Tests.Native;

public sealed class WeakVersionPatchTests
{
    [Fact]
    public void The_need_for_a_newer_standard_library_is_marked_weak_once()
    {
        var image = File.ReadAllBytes(NativeFolders.Find("libLibTorchSharp.so", "OrleansDL.TorchSharpFolder"));
        var before = image.ToArray();
        Assert.Equal(1, WeakVersionPatch.Apply(image, "GLIBCXX_3.4.32"));
        Assert.Equal(1, before.Zip(image).Count(pair => pair.First != pair.Second));
        Assert.Equal(0, WeakVersionPatch.Apply(image, "GLIBCXX_9.9.99"));
        Assert.Throws<BadImageFormatException>(() => WeakVersionPatch.Apply(new byte[100], "GLIBCXX_3.4.32"));
    }
}

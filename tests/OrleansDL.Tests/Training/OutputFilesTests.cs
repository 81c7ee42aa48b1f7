using System.Diagnostics;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

/// <summary>What is taken from a folder that untrusted code wrote.</summary>
public sealed class OutputFilesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("odl-output-test-").FullName;

    [Fact]
    public void Files_of_folders_are_taken_by_their_paths_and_links_and_pipes_are_not()
    {
        Write("b.txt");
        Write("a/b/c.txt");
        Write("a/z");
        Directory.CreateDirectory(Of("empty"));
        File.CreateSymbolicLink(Of("a/link"), "/etc/passwd");
        File.CreateSymbolicLink(Of("a/dangles"), "nowhere");
        Directory.CreateSymbolicLink(Of("etc"), "/etc");
        Directory.CreateSymbolicLink(Of("a/round"), _root);
        using (var pipe = Process.Start("mkfifo", [Of("a/pipe")]))
        {
            pipe.WaitForExit();
        }

        Assert.Equal(["a/b/c.txt", "a/z", "b.txt"], OutputFiles.List(_root));
    }

    [Fact]
    public void More_files_than_an_artifact_may_have_are_refused()
    {
        for (var i = 0; i < OutputFiles.Maximum; i++)
        {
            Write($"{i % 10}/{i}");
        }

        Assert.Equal(OutputFiles.Maximum, OutputFiles.List(_root).Count);
        Write("9/more");
        Assert.Contains("more than 1000 files", Assert.Throws<InvalidException>(() => OutputFiles.List(_root)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\nb")]
    [InlineData("a\\b")]
    [InlineData("a/\u001b[2J")]
    public void A_name_that_is_none_for_an_artifact_is_refused(string path)
    {
        Write(path);
        Assert.Contains("Name it otherwise", Assert.Throws<InvalidException>(() => OutputFiles.List(_root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_nested_without_end_are_refused()
    {
        Directory.CreateDirectory(Of(string.Join('/', Enumerable.Repeat("folder", 100))));
        Assert.Contains("more than 512 bytes", Assert.Throws<InvalidException>(() => OutputFiles.List(_root)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string Of(string path) => Path.Combine(_root, path);

    private void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Of(path))!);
        File.WriteAllText(Of(path), "x");
    }
}

using OrleansDL.Training.Sandbox;

namespace OrleansDL.Training;

/// <summary>The folders and files of one attempt on its worker.</summary>
internal sealed class AttemptFolder(string root)
{
    public string Root { get; } = root;

    /// <summary>The dataset version's files, at their paths.</summary>
    public string Data => Path.Combine(Root, "data");

    /// <summary>The dataset version's rows as MDS shards.</summary>
    public string Shards => Path.Combine(Root, "shards");

    /// <summary>evaluate: the model's files.</summary>
    public string Model => Path.Combine(Root, "model");
    public string Output => Path.Combine(Root, "output");
    public string Checkpoints => Path.Combine(Root, "checkpoints");

    /// <summary>The checkpoint the attempt begins with, if any.</summary>
    public string FirstCheckpoint => Path.Combine(Checkpoints, "checkpoint.safetensors");
    public string Spec => Path.Combine(Root, "assignment.json");

    /// <summary>Names the attempt's process, for a worker that finds the folder left over.</summary>
    public string Process => Path.Combine(Root, "process");

    /// <summary>code: its files.</summary>
    public string Code => Path.Combine(Root, "code");

    /// <summary>code without a sandbox: its folder for whatever.</summary>
    public string Temporary => Path.Combine(Root, "tmp");

    /// <summary>code: the system calls it does not get.</summary>
    public string Filter => Path.Combine(Root, "filter");

    /// <summary>code: who it is, as its C library reads it.</summary>
    public string Users => Path.Combine(Root, "passwd");

    public void Create()
    {
        Delete();
        foreach (var folder in (string[])[Data, Shards, Model, Output, Checkpoints, Code, Temporary])
        {
            Directory.CreateDirectory(folder);
        }
    }

    public void Delete() => SandboxFolders.Delete(Root);
}

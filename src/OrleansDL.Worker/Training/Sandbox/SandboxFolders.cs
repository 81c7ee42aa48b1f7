using System.Diagnostics;

namespace OrleansDL.Training.Sandbox;

/// <summary>Makes an attempt's folders fit for a user without rights, and removes them whatever was made in them.</summary>
internal static class SandboxFolders
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Enterable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Once all is in the folders. What the code reads is readable, what it writes is its own.</summary>
    /// <exception cref="IOException">A file could not be copied or given away.</exception>
    public static void Prepare(SandboxPlan plan)
    {
        var folder = plan.Folder;
        File.WriteAllBytes(folder.Filter, SeccompFilter.Build());
        File.WriteAllText(folder.Users, $"odl:x:{plan.User}:{plan.User}::/tmp:/bin/sh\n");
        foreach (var file in (string[])[folder.Users, folder.Spec])
        {
            File.SetUnixFileMode(file, Readable);
        }

        foreach (var root in (string[])[folder.Code, plan.Data])
        {
            Open(root);
        }

        foreach (var checkpoint in Directory.EnumerateFiles(folder.Checkpoints).ToList())
        {
            // It lies where the program may write, and may be another name of a file of the store.
            Copy(checkpoint);
        }

        if (SandboxUser.IsRoot)
        {
            foreach (var path in (string[])[folder.Output, folder.Checkpoints, .. Directory.EnumerateFiles(folder.Checkpoints)])
            {
                FileFacts.Give(path, plan.User);
            }

            File.SetUnixFileMode(plan.Socket, Readable | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite);
        }
    }

    /// <summary>Copies what is a link to somewhere else: the sandbox shows no other place.</summary>
    private static void Detach(string file)
    {
        var source = File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file;
        if (source != file)
        {
            File.Delete(file);
            if (FileFacts.Of(source) is { IsReadableByAll: true } && HardLinks.TryCreate(source, file))
            {
                return;
            }

            File.Copy(source, file);
            File.SetUnixFileMode(file, Readable);
        }
        else if (FileFacts.Of(file) is { IsReadableByAll: false })
        {
            // It may be another name of a file of the store, whose mode is not ours to change.
            Copy(file);
        }
    }

    private static void Copy(string file)
    {
        var copy = file + ".odl-copy";
        File.Copy(file, copy);
        File.Move(copy, file, overwrite: true);
        File.SetUnixFileMode(file, Readable);
    }

    /// <summary>Removes a folder. Untrusted code may have nested it deeper than a path can name, which only the system's tool gets through.</summary>
    public static void Delete(string root)
    {
        if (File.Exists(new AttemptFolder(root).Filter))
        {
            using var remove = Process.Start("/bin/rm", ["-rf", "--", root]);
            remove.WaitForExit();
        }
        else if (Directory.Exists(root))
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>Makes what lies in a folder readable to anyone who gets that far, and no link to anywhere else.</summary>
    /// <exception cref="IOException">A file could not be copied.</exception>
    public static void Open(string root)
    {
        foreach (var folder in Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories).Prepend(root))
        {
            File.SetUnixFileMode(folder, Readable | Enterable);
            foreach (var file in Directory.EnumerateFiles(folder))
            {
                Detach(file);
            }
        }
    }
}

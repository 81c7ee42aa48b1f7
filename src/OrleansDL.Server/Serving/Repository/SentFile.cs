namespace OrleansDL.Serving.Repository;

/// <summary>A file that a caller sends with a load request, to be used instead of the folder's.</summary>
/// <param name="Version">The version it belongs to; null for a file beside the versions.</param>
/// <param name="Name">Its name, which is no path.</param>
/// <param name="Bytes">Its contents.</param>
internal sealed record SentFile(long? Version, string Name, byte[] Bytes)
{
    private const string Prefix = "file:";

    /// <summary>Whether a parameter of that name carries a file.</summary>
    public static bool IsNamed(string parameter) => parameter.StartsWith(Prefix, StringComparison.Ordinal);

    /// <param name="parameter"><c>file:VERSION/NAME</c> or <c>file:NAME</c>.</param>
    /// <param name="bytes">The contents.</param>
    /// <exception cref="InvalidException">The name leads elsewhere.</exception>
    public static SentFile Of(string parameter, byte[] bytes)
    {
        var path = parameter[Prefix.Length..];
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        var (version, name) = (slash < 0 ? null : ModelFolder.NumberOf(path[..slash]), path[(slash + 1)..]);
        return name.Length > 0 && Path.GetFileName(name) == name && name is not ("." or "..") && !name.Contains('\\', StringComparison.Ordinal) && (slash < 0 || version is not null)
            ? new SentFile(version, name, bytes)
            : throw new InvalidException($"failed to load: '{parameter}' names no file of a model: give file:VERSION/NAME, for example file:1/model.onnx.");
    }
}

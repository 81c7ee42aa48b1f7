namespace OrleansDL.Datasets.Imports;

/// <summary>Where imported objects stand in the dataset.</summary>
internal static class ImportPaths
{
    public static string Of(ImportSpec spec, Uri source, ImportObject found)
    {
        if (source.Scheme == "s3" && (source.AbsolutePath.Length <= 1 || source.OriginalString.EndsWith('/')))
        {
            var prefix = source.OriginalString[("s3://".Length + source.Host.Length)..].TrimStart('/');
            return string.IsNullOrEmpty(spec.Path) ? found.Name[prefix.Length..] : $"{spec.Path.TrimEnd('/')}/{found.Name[prefix.Length..]}";
        }

        if (!string.IsNullOrEmpty(spec.Path))
        {
            return spec.Path;
        }

        var path = source.Scheme == "s3" ? found.Name : Uri.UnescapeDataString(source.AbsolutePath);
        var name = path[(path.LastIndexOf('/') + 1)..];
        return name.Length > 0 ? name : throw new InvalidException($"The address '{spec.Source}' names no file. Say its path within the dataset as 'path'.");
    }
}

using System.Globalization;

namespace OrleansDL.Models;

/// <summary>A reference to a model version: <c>name</c> (newest), <c>name@3</c>, <c>name@alias</c>, <c>name@latest</c>.</summary>
internal readonly record struct ModelReference(string Model, long? Version, string? Alias)
{
    /// <summary>Always names the newest version.</summary>
    public const string Latest = "latest";

    public static ModelReference Parse(string reference)
    {
        var at = reference.LastIndexOf('@');
        if (at < 0)
        {
            return new ModelReference(reference, null, null);
        }

        var (model, version) = (reference[..at], reference[(at + 1)..]);
        return version == Latest ? new ModelReference(model, null, null)
            : long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new ModelReference(model, number, null)
            : new ModelReference(model, null, version);
    }
}

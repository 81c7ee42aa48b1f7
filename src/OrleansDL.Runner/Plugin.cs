using System.Reflection;
using System.Runtime.Loader;
using OrleansDL.Training;

namespace OrleansDL.Runner;

/// <summary>A user's .NET assembly with what it brings along. Only the contracts are shared with this program; all else is its own.</summary>
internal sealed class Plugin : AssemblyLoadContext
{
    private readonly AssemblyDependencyResolver _resolver;

    private Plugin(string path)
        : base(Path.GetFileNameWithoutExtension(path)) => _resolver = new AssemblyDependencyResolver(path);

    /// <exception cref="InvalidException">There is no such assembly, or it holds no training program, or several.</exception>
    public static ITrainingProgram Load(RunnerAssignment assignment)
    {
        var name = assignment.Spec.Code?.Assembly ?? throw new InvalidException("code.assembly is missing: this program runs .NET assemblies only.");
        return Load<ITrainingProgram>(
            Environment.GetEnvironmentVariable("ODL_CODE_DIR") ?? ".", name, "Push the folder that 'dotnet publish' fills, and name the assembly by its path in it.");
    }

    /// <param name="folder">The code.</param>
    /// <param name="name">The assembly, a path in it.</param>
    /// <param name="advice">What to do when it is not there.</param>
    /// <exception cref="InvalidException">There is no such assembly, or it holds no class of that kind, or several.</exception>
    public static T Load<T>(string folder, string name, string advice)
    {
        var path = Path.GetFullPath(Path.Combine(folder, name));
        if (!File.Exists(path) || !path.StartsWith(Path.GetFullPath(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new InvalidException($"The code holds no file '{name}'. {advice}");
        }

        Type[] programs;
        try
        {
            programs = [.. new Plugin(path).LoadFromAssemblyPath(path).GetExportedTypes().Where(type => !type.IsAbstract && type.IsAssignableTo(typeof(T)))];
        }
        catch (Exception e) when (e is BadImageFormatException or FileLoadException or FileNotFoundException or TypeLoadException)
        {
            throw new InvalidException($"'{name}' cannot be loaded: {e.Message}");
        }

        return programs is [var program]
            ? (T)(Activator.CreateInstance(program) ?? throw new InvalidException($"{program} has no public constructor without parameters."))
            : throw new InvalidException(
                $"'{name}' holds {programs.Length} public classes that are an {typeof(T).Name} ({string.Join(", ", programs.Select(type => type.Name))}). It must hold one.");
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        // A contract that is there twice would be two contracts.
        if (Default.Assemblies.FirstOrDefault(loaded => loaded.GetName().Name == assemblyName.Name) is { } shared && assemblyName.Name == typeof(ITrainingProgram).Assembly.GetName().Name)
        {
            return shared;
        }

        return _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}

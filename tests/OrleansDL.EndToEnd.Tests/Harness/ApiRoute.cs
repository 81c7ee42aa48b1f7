namespace OrleansDL.Tests.Harness;

/// <summary>One operation of the HTTP interface.</summary>
internal sealed record ApiRoute(HttpMethod Method, string Template)
{
    /// <summary>The path with something in every place; the project is one that exists.</summary>
    public string Path => string.Join('/', Template.Split('/').Select(part => part switch
    {
        "{project}" => "default",
        ['{', ..] => "0195ffff-0000-7000-8000-000000000000",
        _ => part,
    }));

    /// <summary>Every operation the running server documents, and those that are not part of the document.</summary>
    public static async Task<IReadOnlyList<ApiRoute>> AllAsync(Api admin)
    {
        var document = await admin.GetAsync("/v1/openapi.json");
        var documented = from path in document.GetProperty("paths").EnumerateObject()
                         from operation in path.Value.EnumerateObject()
                         where operation.Name is "get" or "post" or "put" or "patch" or "delete"
                         select new ApiRoute(HttpMethod.Parse(operation.Name.ToUpperInvariant()), path.Name);
        return
        [
            .. documented.Where(route => !route.Template.StartsWith("/health", StringComparison.Ordinal)),
            new(HttpMethod.Get, "/v1/openapi.json"),
            new(HttpMethod.Get, "/metrics"),
            new(HttpMethod.Get, "/dashboard"),
        ];
    }
}

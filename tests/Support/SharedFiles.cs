namespace Saga.Tests.Support;

/// <summary>Files outside the checkout, in <c>shared</c> of any parent folder of the tests.</summary>
internal static class SharedFiles
{
    /// <summary>The file's path, or null when it is not available.</summary>
    public static string? Find(params string[] below)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Path.Combine([folder.FullName, "shared", .. below]) is { } path && File.Exists(path))
                return path;
        }

        return null;
    }
}

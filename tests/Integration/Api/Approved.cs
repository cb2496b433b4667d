using Shouldly;

namespace Saga.Tests.Integration.Api;

/// <summary>Pins public names. After an intended change, run the test with SAGA_APPROVE=1 and commit the file.</summary>
internal static class Approved
{
    public static void Same(string file, string text)
    {
        var path = Path.Combine(Root(), "tests", "Integration", "Api", "Approved", file);
        if (Environment.GetEnvironmentVariable("SAGA_APPROVE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        File.Exists(path).ShouldBeTrue($"{path} is missing: run with SAGA_APPROVE=1 to write it.");
        text.ShouldBe(File.ReadAllText(path), $"{file} changed: if that is meant, run with SAGA_APPROVE=1 and commit it.");
    }

    /// <summary>Pins the table at the end of a page of the documentation. It may be written in the same way.</summary>
    public static void SameTable(string page, string table)
    {
        var path = Path.Combine(Root(), "docs", page);
        var text = File.ReadAllText(path);
        var before = text[..text.IndexOf(table[..table.IndexOf('\n', StringComparison.Ordinal)], StringComparison.Ordinal)];
        if (Environment.GetEnvironmentVariable("SAGA_APPROVE") == "1")
            File.WriteAllText(path, before + table);
        (before + table).ShouldBe(File.ReadAllText(path), $"docs/{page} does not match the code: run with SAGA_APPROVE=1 and commit it.");
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Saga.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("Saga.sln is in none of the folders above the tests.");
    }
}

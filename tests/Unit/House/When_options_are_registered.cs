using System.Runtime.CompilerServices;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

public sealed class When_options_are_registered
{
    // Options that are not validated at start fail later, for the first tenant that needs them.
    [Fact]
    public void Should_be_validated_at_the_start_and_in_one_way() =>
        Directory.GetFiles(Sources(), "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal))
            .Where(f => File.ReadAllText(f) is var text
                && (text.Contains(".AddOptions<", StringComparison.Ordinal) || text.Contains(".ValidateOnStart()", StringComparison.Ordinal)))
            .Select(f => Path.GetRelativePath(Sources(), f))
            .ShouldBeEmpty();

    private static string Sources([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "src"));
}

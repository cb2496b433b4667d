using System.Globalization;
using Saga.Lifecycle.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_international_domains_are_mapped
{
    [Fact]
    public void Should_agree_with_an_independent_implementation() =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Intake", "idna-cases.txt")).Where(l => !l.StartsWith('#')).Select(l => l.Split('='))
            .Where(c => Mapped(c[0]) != c[1]).Select(c => $"{c[0]} should be '{c[1]}' and is '{Mapped(c[0])}'")
            .ShouldBeEmpty();

    private static string Mapped(string points)
    {
        var label = string.Concat(points.Split(' ').Select(p => char.ConvertFromUtf32(int.Parse(p, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))));
        return DomainName.Normalize(label + ".example")?[..^".example".Length] ?? "";
    }
}

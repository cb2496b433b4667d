using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Saga.Contracts.Commands;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

/// <summary>
/// A domain belongs to one tenant once it is proved. Keycloak does not ensure that: of eight concurrent calls that link one domain, five
/// succeed. Only the registry's unique index does, so a domain is proved there before a step does anything outside. A new command or
/// statement that sets a domain is added here, with a test that two tenants cannot both have it. Updates set it by their merge patch.
/// </summary>
public sealed partial class When_a_domain_is_set
{
    private static readonly string Sources = Path.GetFullPath(Path.Combine(Here(), "..", "..", "..", "src"));

    /// <summary>Integration: <c>When_commands_race.Should_give_a_domain_to_one_of_racing_tenants</c>.</summary>
    [Fact]
    public void Should_be_by_a_command_that_is_known() =>
        typeof(ProvisionTenant).Assembly.GetTypes().Where(t => t.Namespace == typeof(ProvisionTenant).Namespace && t.GetProperty("Domain") is not null)
            .Select(t => t.Name).ShouldBe([nameof(AdoptTenant), nameof(ProvisionTenant)], ignoreOrder: true);

    [Fact]
    public void Should_be_by_the_statement_that_makes_a_tenant() =>
        Directory.GetFiles(Sources, "*.cs", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Sources, f).Replace('\\', '/'))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Where(f => SetsDomain().IsMatch(File.ReadAllText(Path.Combine(Sources, f))))
            .ShouldBe(["Registry/Tenants/NewTenant.cs"]);

    [Fact]
    public void Should_be_unique_once_it_is_proved() =>
        Directory.GetFiles(Path.Combine(Sources, "Registry", "Migrations"), "*.sql").Select(f => WhiteSpace().Replace(File.ReadAllText(f), " "))
            .ShouldContain(sql => sql.Contains("create unique index tenant_domains_proved on tenant_domains (domain) where state = 'proved'", StringComparison.Ordinal));

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    [GeneratedRegex(@"insert into tenants \([^)]*\bdomain\b|update tenants set[^;""]*?\bdomain\s*=", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex SetsDomain();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex WhiteSpace();
}

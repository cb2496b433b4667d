using Saga.Tests.Support.Keycloak;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>
/// Calls to a real Keycloak 26.7.3 were recorded with its responses. The stub must answer each of them in the same way, except where
/// <see cref="Departures"/> says why not.
/// </summary>
public sealed class When_calls_to_a_real_Keycloak_are_replayed
{
    /// <summary>By the beginning of a case's name.</summary>
    private static readonly Dictionary<string, string> Departures = new(StringComparer.Ordinal)
    {
        ["When_a_real_Keycloak_names_organisations_in_tokens."] = "The stub issues no tokens for people. The API's tests use a certified OIDC provider for that.",
        ["When_a_real_Keycloak_is_asked_for_tokens.Should_leave_sub_out"] = "The stub issues no tokens for people.",
        ["When_a_real_Keycloak_is_asked_for_tokens.Should_give_the_api"] = "The stub has no discovery document and no signing keys: its tokens are opaque.",
        ["When_a_real_Keycloak_is_asked_for_tokens.Should_answer_401_to_a_token_of_another_realm"] = "The stub has one realm.",
        ["When_a_real_Keycloak_keeps_users.Should_end_the_refreshing"] = "The stub has no sessions.",
        ["When_a_real_Keycloak_keeps_users.Should_answer_204_to_a_logout"] = "The stub has no sessions.",
        ["When_a_real_Keycloak_keeps_members.Should_delete_managed_members"] = "The stub has no members that an identity provider manages. Provisioning makes none.",
        ["When_a_real_Keycloak_keeps_members.Should_delete_a_managed_member"] = "The stub has no members that an identity provider manages. Provisioning makes none.",
        ["When_a_real_Keycloak_keeps_organisations.Should_have_no_organisations_in_a_realm"] = "The stub does not show the realm's own settings.",
    };

    public static TheoryData<string> Cases => new(All.Where(c => !Departures.Keys.Any(d => c.StartsWith(d, StringComparison.Ordinal))));

    public static TheoryData<string> Listed => new(Departures.Keys);

    private static IEnumerable<string> All => RecordedCalls.Read().Select(c => c.Case).Distinct(StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Should_be_answered_alike(string recorded) => (await DifferencesAsync(recorded)).ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Listed))]
    public async Task Should_be_listed_only_while_the_stub_departs(string departure)
    {
        var differences = new List<string>();
        foreach (var recorded in All.Where(c => c.StartsWith(departure, StringComparison.Ordinal)))
            differences.AddRange(await DifferencesAsync(recorded));

        differences.ShouldNotBeEmpty(Departures[departure]);
    }

    private static async Task<IReadOnlyList<string>> DifferencesAsync(string recorded)
    {
        var calls = RecordedCalls.Of(recorded);
        await using var replay = await KeycloakReplay.StartAsync(calls);
        var differences = new List<string>();
        foreach (var call in calls)
            differences.AddRange(await replay.CompareAsync(call));
        return differences;
    }
}

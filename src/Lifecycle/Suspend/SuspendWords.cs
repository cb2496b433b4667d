using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Suspend;

/// <summary>What a suspension would do, in words.</summary>
public static class SuspendWords
{
    public static IReadOnlyList<string> Of(ValidSuspension input)
    {
        var hold = $"The hold '{SuspensionCodes.NameOf(input.Code)}' stands as soon as the command is accepted, whatever else runs";
        return input.Effect == HoldEffect.Closed
            ?
            [
                $"{hold}: nobody can use the tenant any more.",
                "Operations of the tenant that can still be cancelled are cancelled, but one that makes the tenant goes on.",
                "Then its place and its logins are closed, its organisation is disabled, the sessions of its members end, and its cache user is switched off.",
                "All of it stays as it is until reactivate lifts the hold.",
            ]
            :
            [
                $"{hold}: nothing may be added to the tenant. Reading, deleting, exporting and migrating stay possible.",
                "Nothing outside is closed, and operations that run go on.",
            ];
    }
}

using Saga.Engine.Operations;

namespace Saga.Registry.Admission;

/// <summary>The spellings of slot states in the column <c>operations.slot</c>.</summary>
internal static class Slots
{
    public static string Name(SlotState slot) => slot switch
    {
        SlotState.Queued => "queued",
        SlotState.Admitted => "admitted",
        SlotState.Exempt => "exempt",
        SlotState.Waiting => "waiting",
        _ => "released",
    };

    public static SlotState Read(string name) => name switch
    {
        "queued" => SlotState.Queued,
        "admitted" => SlotState.Admitted,
        "exempt" => SlotState.Exempt,
        "waiting" => SlotState.Waiting,
        _ => SlotState.Released,
    };
}

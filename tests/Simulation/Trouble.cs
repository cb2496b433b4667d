namespace Saga.Tests.Simulation;

/// <summary>What goes wrong in a schedule. Each schedule chooses some of them, so that each is also seen alone.</summary>
internal enum Trouble
{
    MessageLost,
    MessageRepeated,
    LateCopy,
    ConfirmationLost,
    BrokerDown,
    BusWiped,
    OrchestratorKilled,
    WorkerKilled,
    ProcessFrozen,
    CommitFails,
    CommitAnswerLost,
    AcceptanceAnswerLost,
    StepFails,
    StepFailsForGood,
    AnswerOfEffectLost,
    EffectLate,
    OutsideDown,
    RenewalMissed,
    ClockSetBack,
    ClockSetForward,
    LongPause,
}

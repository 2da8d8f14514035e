/// The list of all ops. Parity tests, `glint parity` and the support table use it.
package enum Catalogue {
  package static let ops: [any Op.Type] = [
    Elementwise.self, Add.self, Binary.self, Stretch.self, Reduce.self, Calibrate.self,
    DifferenceOfGaussians.self, Wavelet.self, WaveletNoise.self, MatchedFilter.self,
    TemporalMedian.self,
    LocalMaxima.self, NetGradient.self, DynamicCutoff.self, SelectPeaks.self, GatherSpots.self,
    FitSpots.self, AssessSpots.self, FitSpline.self, AssessSpline.self, BetterFit.self,
    FitEmitters.self,
    Convolution.self, TransposedConvolution.self, Dense.self,
    Pool.self, Upsample.self, BatchNorm.self, InstanceNorm.self, GroupNorm.self, Normalize.self,
    ChannelAffine.self, PReLU.self, Softmax.self, Concat.self, SelectChannels.self,
    TemporalWindow.self, RollingWindow.self,
    IntegrateProbability.self, PixelList.self, VolumePeaks.self, LinkPoints.self,
    RenderHistogram.self, RenderGaussian.self,
    ElementwiseGradient.self, PReLUGradient.self, SoftmaxGradient.self, PoolGradient.self,
    UpsampleGradient.self, TemporalWindowGradient.self, NormalizationGradient.self,
    ConvolutionInputGradient.self, ConvolutionWeightGradient.self,
    TurnWeights.self, PadChannels.self, Reshape.self,
    DrawEmitters.self, DrawSplines.self, CutWindows.self, EmitterLikelihood.self,
    EmitterLikelihoodGradient.self,
    OptimizerStep.self, RandomNumbers.self, FourierTransform.self,
  ]

  /// All sample cases, in the order of the ops.
  package static var samples: [Sample] { ops.flatMap { $0.samples } }
}
